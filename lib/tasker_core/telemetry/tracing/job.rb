# frozen_string_literal: true

module TaskerCore
  module Tracing
    # Prepended to the engine's TaskRunnerJob: the job carries the header of the span in which it
    # was enqueued, whatever the queue, so that request, job and steps form one trace. Without such
    # a span, the serialized job does not change.
    #
    # @api private
    module Job
      KEY = 'tasker_core_traceparent'

      def serialize
        header = Tracing.on? && (Tracing.traceparent || @tasker_core_traceparent)
        header ? super.merge(KEY => header) : super
      end

      def deserialize(job_data)
        super
        @tasker_core_traceparent = job_data[KEY]
      end

      def perform(...) = Tracing.continue(@tasker_core_traceparent) { super }
    end
  end
end
