# frozen_string_literal: true

module TaskerCore
  # Tells the core's own faults from what the application has to know, and lets
  # the engine's own code go on after the former.
  module Failover
    class << self
      # Runs the core's answer to a read.
      #
      # @param capability [Symbol]
      # @param operation [String] the engine's method, for the report
      # @param engine [Proc] the engine's own method
      # @yieldreturn [Object] the core's answer
      # @return [Object] the core's answer, the engine's where the core could not
      #   give one
      # @raise [ActiveRecord::ActiveRecordError] what the connection itself raised
      # @raise [CycleError] and other domain errors
      def read(capability, operation, engine)
        yield
      rescue InvalidArgument, UnknownFunction
        # More ids than the core takes at once, where the engine has no limit; or
        # rules of readiness that only the database knows (reported when found).
        engine.call
      rescue DatabaseError => e
        # The application knows the connection's own exceptions. After one the
        # transaction may be aborted, so the engine is not asked either.
        raise e.cause || e
      rescue *Core::FAULTS => e
        note(capability, operation, e)
        engine.call
      end

      # Reports a fault of the core, once for each capability and reason.
      #
      # @param capability [Symbol]
      # @param operation [String]
      # @param error [Exception]
      # @return [void]
      def note(capability, operation, error)
        Reporting.report(
          Report.new(kind: :failover, capability:, operation:, details: { error: },
                     message: "#{operation} goes on with the engine's own Ruby, because the core failed: " \
                              "#{error.class}: #{error.message}. This is said once; set #{capability} to :off " \
                              'if it has to stay so.'),
          once: [error.class, error.message]
        )
      end
    end
  end
end
