# frozen_string_literal: true

require 'did_you_mean'
require_relative 'errors'

module TaskerCore
  # What somebody may have meant who gave a name that there is not.
  module Nearest
    module_function

    # @param name [String, Symbol]
    # @param names [Array<String, Symbol>] those that there are
    # @return [String, nil] the one that looks most like it, nil where none does
    def of(name, names) = DidYouMean::SpellChecker.new(dictionary: names.map(&:to_s)).correct(name.to_s).first

    # @param what [String] "state"
    # @param name [String, Symbol]
    # @param names [Array<String, Symbol>]
    # @return [String] "there is no state errror; did you mean error? There are ..."
    def message(what, name, names)
      meant = of(name, names)
      "there is no #{what} #{name}#{"; did you mean #{meant}?" if meant}#{meant ? ' There' : '; there'} are " \
        "#{names.join(', ')}"
    end

    # @param what [String]
    # @param given [Array<String, Symbol>]
    # @param names [Array<String, Symbol>]
    # @return [void]
    # @raise [InvalidArgument] for a name that there is not
    def demand(what, given, names)
      unknown = given.map(&:to_s) - names.map(&:to_s)
      return if unknown.empty?

      raise InvalidArgument.new(message(what, unknown.first, names), code: 'invalid_argument')
    end
  end
end
