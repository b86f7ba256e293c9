# frozen_string_literal: true

require_relative 'states/machine_spec'
require_relative 'states/transitioning_record'
require_relative 'states/transition_write'
require_relative 'states/shadow_transition'
require_relative 'states/status_preload'

module TaskerCore
  module Engine
    # Replaces the decisions and the writes of the engine's two state machines. Statesman's
    # interface stays: transition_to, safe_transition_to and every other method that calls
    # transition_to! arrives here; history and last_transition stay Statesman's.
    module States
      CAPABILITY = :state_transitions

      class << self
        # @return [void]
        def apply
          ::Tasker::StateMachine::StepStateMachine.prepend(Machine, StepState)
          ::Tasker::StateMachine::TaskStateMachine.prepend(Machine, TaskState)
          ::Tasker::StateMachine::StepStateMachine.singleton_class.prepend(Dependencies, TransitioningRecord::EventStep)
          ::Tasker::Task.prepend(Completion)
          StatusPreload.apply
        end

        # @return [HostConnection] the connection of the engine's own models
        def host
          models = ::Tasker::ApplicationRecord
          HostConnection.new(models.connection_pool.active_connection? || models.connection)
        end

        # Reads a state from the core or the engine, as the switch says. In shadow mode it is
        # compared like any other answer.
        #
        # @param name [String] the engine's method, for reports
        # @param operation [String]
        # @param argument [String] the operation's argument for the id
        # @param id [Integer, nil] nil for an unsaved object, which is left to the engine
        # @yieldreturn [Object] the engine's own answer
        def read(name, operation, argument, id, &engine)
          return yield if id.nil?

          case TaskerCore.configuration.state_transitions
          when :active
            Failover.read(CAPABILITY, name, engine) { Core.current.call(operation, { argument => id }, host) }
          when :shadow then ShadowTransition.compare_read(name, engine, operation, { argument => id })
          else yield
          end
        end
      end

      # Prepended to StepStateMachine.
      module StepState
        # @return [String] the current state in the database; it is not cached
        def current_state
          States.read('Tasker::StateMachine::StepStateMachine#current_state', 'current_step_state',
                      'step_id', object.workflow_step_id) { super } || 'pending'
        end
      end

      # Prepended to TaskStateMachine.
      module TaskState
        # @return [String] the current state in the database; it is not cached
        def current_state
          States.read('Tasker::StateMachine::TaskStateMachine#current_state', 'current_task_state',
                      'task_id', object.task_id) { super } || 'pending'
        end
      end

      # Prepended to the engine's machines.
      module Machine
        # @param new_state [String, Symbol]
        # @param metadata [Hash]
        # @return [true]
        # @raise [Statesman::TransitionFailedError, Statesman::GuardFailedError]
        # @raise [Statesman::TransitionConflictError] if another process was first
        def transition_to!(new_state, metadata = {})
          case TaskerCore.configuration.state_transitions
          when :active
            StatusPreload.forget
            write = TransitionWrite.new(self, new_state.to_s, metadata)
            return write.call { super } if write.possible?
          when :shadow
            return ShadowTransition.new(self, new_state.to_s).check { super }
          end
          super
        end
      end

      # Prepended to StepStateMachine's class: one statement instead of one for each parent. A check
      # that fails raises an error, whereas the engine lets the step through.
      module Dependencies
        # @param step [Tasker::WorkflowStep]
        # @return [Boolean]
        def step_dependencies_met?(step)
          id = step.workflow_step_id if step.respond_to?(:workflow_step_id)
          States.read("#{name}.step_dependencies_met?", 'step_dependencies_met', 'step_id', id) { super }
        end
      end

      # Prepended to Task.
      module Completion
        # @return [Boolean]
        def all_steps_complete?
          States.read('Tasker::Task#all_steps_complete?', 'all_steps_complete', 'task_id', task_id) { super }
        end
      end
    end
  end
end
