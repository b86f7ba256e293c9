# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Moves a task whose state is known to another one: what safe_transition_to of the engine
      # does, with one statement and without asking for the state again. Where the application
      # takes part in the transition, the engine's method is called.
      class TaskWriter
        # What the state machine publishes before each transition.
        BEFORE = 'task.before_transition'

        # @param source [Tasker::Concerns::IdempotentStateTransitions] under whose name it is logged
        # @param task [Tasker::Task]
        def initialize(source, task)
          @source = source
          @task = task
        end

        # @param state [String]
        # @param from [String] the state that the task has
        # @param metadata [Hash]
        # @return [Boolean] whether it was written
        def write(state, from:, metadata: {})
          event = ::Tasker::Constants::TASK_TRANSITION_EVENT_MAP[[nil, state]]
          @by_itself = possible?(state, event)
          return @source.safe_transition_to(@task, state, metadata) unless @by_itself

          debug_lines(from, state)
          publish(BEFORE, task_id: @task.task_id, from_state: nil, to_state: state, transition_event: event)
          return false unless transition(state, metadata)

          publish(event, task_id: @task.task_id, task_name: @task.name, task_context: @task.context, from_state: nil,
                         to_state: state, transitioned_at: Time.zone.now)
          true
        end

        # @return [Boolean] whether the application took no part in what was written
        def by_itself? = @by_itself

        private

        def possible?(state, event)
          events = [BEFORE, event]
          TaskerCore.configuration.state_transitions != :shadow && !ApplicationListeners.listens?(events) &&
            events.none? { |name| Relay.sends?(name) } && machine.plain?(state, @task)
        end

        def machine = SharedTransaction::Machine.new(::Tasker::StateMachine::TaskStateMachine)

        def transition(state, metadata)
          host = HostConnection.new(::Tasker::ApplicationRecord.connection)
          now = Time.current.floor(6)
          arguments = { 'task_id' => @task.task_id, 'to' => state, 'metadata' => metadata.to_json,
                        'now' => host.date(now) }
          Transition.new(*Core.current.call('transition_task', arguments, host)).written?
        rescue ConflictError
          false
        rescue DatabaseError => e
          raise e.cause || e
        rescue *CoreLoss::ERRORS => e
          Failover.note(CAPABILITY, "#{@source.class.name}#safe_transition_to", e)
          (host.used? && written?(state, now)) || @source.safe_transition_to(@task, state, metadata)
        end

        # A statement that went out may have worked although the core did not take its answer.
        def written?(state, now)
          ::Tasker::TaskTransition.exists?(task_id: @task.task_id, to_state: state, most_recent: true, created_at: now)
        end

        def publish(event, payload)
          ::Tasker::Events::Publisher.instance.publish(event, { timestamp: Time.current, **payload })
        rescue StandardError => e
          Rails.logger.error { "Error publishing event #{event}: #{e.message}" }
        end

        # The lines of safe_transition_to and of the machine's before_transition callback.
        def debug_lines(from, to)
          Rails.logger.debug do
            "#{@source.class.name}: Transitioning #{@task.class.name} #{@task.id} from #{from} to #{to}"
          end
          Rails.logger.debug { "Task #{@task.task_id} transitioning from #{from} to #{to}" }
        end
      end
    end
  end
end
