# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The events that a run publishes, and their correlation id.
      module RunEvents
        # Publishes as the engine does: an error is logged and does not end the run.
        #
        # @param event [String]
        # @param payload [Hash{Symbol => Object}]
        # @return [void]
        def publish(event, payload)
          ::Tasker::Events::Publisher.instance.publish(event, payload)
        rescue StandardError => e
          Rails.logger.error { "Error publishing event #{event}: #{e.message}" }
        end

        # Publishes an event of the engine's executor about the task.
        #
        # @param event [String]
        # @param event_type [Symbol]
        # @param context [Hash{Symbol => Object}]
        # @return [void]
        def announce(event, event_type, context)
          publish(event, ::Tasker::Events::EventPayloadBuilder.build_orchestration_payload(
                           event_type:, context: { task_id: @snapshot.task_id, task_name:, **context }
                         ))
        end

        # Runs a block under the correlation id of the run, which its driving thread has.
        def correlated(&) = @coordinator.with_correlation_id(@correlation_id, &)

        # @return [String]
        def task_name = @handler_task.name
      end
    end
  end
end
