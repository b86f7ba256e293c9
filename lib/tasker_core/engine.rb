# frozen_string_literal: true

module TaskerCore
  # The gem tasker-engine in this process.
  module Engine
    # What to do where it is missing.
    ADVICE = "Add gem 'tasker-engine' to the Gemfile and run bundle install."

    class << self
      # @return [Boolean] whether the engine's models can be named
      def here? = defined?(::Tasker::ApplicationRecord) ? true : false

      # @param what [String] needs it
      # @return [void]
      # @raise [EngineMissing] where it is not here
      def demand(what)
        return if here?

        raise EngineMissing.new("#{what} works on the models of the Tasker engine, and the gem tasker-engine is not " \
                                "loaded in this process. #{ADVICE}", code: 'engine_missing')
      end

      # @param what [String] needs it
      # @return [ActiveRecord::ConnectionAdapters::AbstractAdapter] of its models
      # @raise [EngineMissing]
      def connection(what)
        demand(what)
        ::Tasker::ApplicationRecord.connection
      end
    end
  end
end
