# frozen_string_literal: true

require 'did_you_mean'
require_relative 'errors'

module TaskerCore
  # Suggests a known name for an unknown one.
  #
  # @api private
  module Nearest
    module_function

    # @param name [String, Symbol]
    # @param names [Array<String, Symbol>] the known names
    # @return [String, nil] the most similar one; nil if none is similar
    def of(name, names) = DidYouMean::SpellChecker.new(dictionary: names.map(&:to_s)).correct(name.to_s).first

    # @param what [String] the kind of name, such as "state"
    # @param name [String, Symbol]
    # @param names [Array<String, Symbol>]
    # @return [String] "unknown state errror; did you mean error? known: ..."
    def message(what, name, names)
      meant = of(name, names)
      "unknown #{what} #{name}; #{"did you mean #{meant}? " if meant}known: #{names.join(', ')}"
    end

    # @param what [String]
    # @param given [Array<String, Symbol>]
    # @param names [Array<String, Symbol>]
    # @return [void]
    # @raise [InvalidArgument] for an unknown name
    def demand(what, given, names)
      unknown = given.map(&:to_s) - names.map(&:to_s)
      return if unknown.empty?

      raise InvalidArgument.new(message(what, unknown.first, names), code: 'invalid_argument')
    end
  end
end
