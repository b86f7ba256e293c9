# frozen_string_literal: true

module TaskerCore
  # Separates the core's own faults from errors that the application has to see. After a fault, the
  # engine's own code continues.
  #
  # @api private
  module Failover
    class << self
      # Runs the core's answer to a read.
      #
      # @param capability [Symbol]
      # @param operation [String] the engine's method, for the report
      # @param engine [Proc] the engine's own method
      # @yieldreturn [Object] the core's answer
      # @return [Object] the core's answer; the engine's if the core could not answer
      # @raise [ActiveRecord::ActiveRecordError] the error of the connection itself
      # @raise [CycleError] and other domain errors
      def read(capability, operation, engine)
        yield
      rescue InvalidArgument, UnknownFunction
        # There are more ids than the core takes at once, where the engine has no limit; or only the
        # database knows the rules of readiness (reported when found).
        engine.call
      rescue DatabaseError => e
        # The application expects the connection's own exceptions. The transaction may be aborted
        # after one, so the engine is not asked either.
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
                     message: "#{operation} continues with the engine's own Ruby because the core failed: " \
                              "#{error.class}: #{error.message}. This is reported once; set #{capability} to :off " \
                              'to keep using the engine.'),
          once: [error.class, error.message]
        )
      end
    end
  end
end
