# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # A run's knowledge of its task: its state and its steps' counts. The engine's payloads are
      # built from it without a query.
      class TaskSnapshot
        # @return [Integer]
        attr_reader :task_id

        # @return [String, nil] the task's state; nil if it is unknown
        attr_accessor :state

        # @param task_id [Integer]
        # @param state [String, nil]
        # @param stats [#call] returns the value of WorkflowStep.task_completion_stats
        def initialize(task_id, state: nil, &stats)
          @task_id = task_id
          @state = state
          @stats = stats
          @payloads = EventPayloads.engines?
        end

        # @return [Boolean] whether payloads may be built from this snapshot; false if the
        #   application has its own builder
        def payloads? = @payloads

        # @param task [Tasker::Task]
        # @return [Boolean]
        def about?(task) = task.task_id == @task_id

        # @return [Hash{Symbol => Object}]
        def stats = @stats.call

        # Builds the payload of EventPayloadBuilder.build_task_payload.
        #
        # @param task [Tasker::Task]
        # @param event_type [Symbol]
        # @param context [Hash{Symbol => Object}] values that the publisher adds
        # @return [Hash{Symbol => Object}]
        def payload(task, event_type, context)
          counts = stats
          created_at = task.created_at
          {
            task_id: task.task_id, task_name: task.name, started_at: created_at&.iso8601,
            completed_at: counts[:all_complete] ? counts[:latest_completion_time]&.iso8601 : nil,
            task_type: task.class.name, event_type: event_type.to_s, timestamp: EventPayloads::Clock.iso8601,
            **durations(counts, created_at),
            total_steps: counts[:total_steps], completed_steps: counts[:completed_steps],
            failed_steps: counts[:failed_steps], pending_steps: counts[:pending_steps],
            **special(task, event_type, counts, context), **context
          }
        end

        private

        def durations(counts, created_at)
          ended = counts[:latest_completion_time] if counts[:all_complete]
          return { total_execution_duration: nil, current_execution_duration: nil } unless created_at
          return { total_execution_duration: (ended - created_at).round(3), current_execution_duration: nil } if ended

          { total_execution_duration: nil, current_execution_duration: (Time.current - created_at).round(3) }
        end

        def special(task, event_type, counts, context)
          case event_type
          when :failed then failure(context)
          when :started then { task_context: task.context, total_steps: counts[:total_steps] }
          else {}
          end
        end

        def failure(context)
          steps = context[:error_steps].presence
          { **(steps ? { error_steps: steps, error_step_results: context[:error_step_results] } : {}),
            error_message: context[:error_message] || context[:error] || 'Task execution failed' }
        end
      end
    end
  end
end
