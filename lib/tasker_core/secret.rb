# frozen_string_literal: true

module TaskerCore
  # A text that may hold a password, such as a URL. It prints as [hidden] in every form; reveal
  # returns the text.
  #
  # @api private
  class Secret
    HIDDEN = '[hidden]'

    # @param value [Object]
    # @return [Object] the text of a secret; any other value unchanged
    def self.reveal(value) = value.is_a?(self) ? value.reveal : value

    # @param text [String]
    def initialize(text)
      # The text is in a block and not in an instance variable, which other code would print.
      @reveal = -> { text }
    end

    # @return [String]
    def reveal = @reveal.call

    # @return [String] a placeholder
    def to_s = HIDDEN

    # @return [String] a placeholder
    def inspect = HIDDEN

    # @return [String] a placeholder, for JSON
    def as_json(*) = HIDDEN

    # @return [String] a placeholder, for JSON
    def to_json(*) = HIDDEN.to_json

    # A placeholder for YAML.
    def encode_with(coder)
      coder.scalar = HIDDEN
    end

    # @param other [Object]
    # @return [Boolean]
    def ==(other) = other.is_a?(Secret) && other.reveal == reveal
    alias eql? ==

    # @return [Integer]
    def hash = reveal.hash
  end
end
