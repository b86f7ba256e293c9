# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Moves a task with a known state to another state. It does what the engine's
      # safe_transition_to does, in one statement and without reading the state again. If the
      # application takes part in the transition, the engine's method is called.
      class TaskWriter
        # The event that the state machine publishes before each transition.
        BEFORE = 'task.before_transition'

        # @param source [Tasker::Concerns::IdempotentStateTransitions] the name in the log lines
        # @param task [Tasker::Task]
        def initialize(source, task)
          @source = source
          @task = task
        end

        # @return [Time, nil] the time that the core has written
        attr_reader :moment

        # @param state [String]
        # @param from [String] the current state
        # @param metadata [Hash]
        # @param operation [Array(String, Hash)] the core's operation, with the arguments that not
        #   every such operation has
        # @yieldreturn [Boolean] whether the engine wrote it, if the core cannot
        # @return [Boolean] whether it was written
        def write(state, from:, metadata: {}, operation: ['transition_task', { 'to' => state }], &engine)
          engine ||= -> { @source.safe_transition_to(@task, state, metadata) }
          event = ::Tasker::Constants::TASK_TRANSITION_EVENT_MAP[[nil, state]]
          @by_itself = possible?(state, event)
          return engine.call unless @by_itself

          debug_lines(from, state)
          publish(BEFORE, task_id: @task.task_id, from_state: nil, to_state: state, transition_event: event)
          written = transition(operation, state, metadata, engine)
          return written if !written || !@by_itself

          publish(event, task_id: @task.task_id, task_name: @task.name, task_context: @task.context, from_state: nil,
                         to_state: state, transitioned_at: Time.zone.now)
          true
        end

        # @return [Boolean] whether the write did not involve the application
        def by_itself? = @by_itself

        private

        def possible?(state, event)
          events = [BEFORE, event]
          TaskerCore.configuration.state_transitions != :shadow && !ApplicationListeners.listens?(events) &&
            events.none? { |name| Relay.sends?(name) } && machine.plain?(state, @task)
        end

        def machine = SharedTransaction::Machine.new(::Tasker::StateMachine::TaskStateMachine)

        def transition((name, arguments), state, metadata, engine)
          host = HostConnection.new(::Tasker::ApplicationRecord.connection)
          now = Time.current.floor(6)
          arguments = { 'task_id' => @task.task_id, **arguments, 'metadata' => metadata.to_json,
                        'now' => host.date(now) }
          written = Transition.new(*Core.current.call(name, arguments, host)).written?
          @moment = now if written
          written
        rescue ConflictError
          false
        rescue DatabaseError => e
          raise e.cause || e
        rescue *CoreLoss::ERRORS => e
          Failover.note(CAPABILITY, "#{@source.class.name}#safe_transition_to", e)
          return left_to(engine) unless host.used? && written?(state, now)

          @moment = now
          true
        end

        # If the engine writes, it also publishes.
        def left_to(engine)
          @by_itself = false
          engine.call
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

        # The log lines of safe_transition_to and of the machine's before_transition callback.
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
