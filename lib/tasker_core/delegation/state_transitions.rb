# frozen_string_literal: true

require_relative 'state_transitions/face'
require_relative 'state_transitions/write'
require_relative 'state_transitions/prediction'

module TaskerCore
  module Delegation
    # Stands in for the decisions and the writes of the engine's two state
    # machines. Statesman's face stays: transition_to, safe_transition_to and
    # everything else that ends in transition_to! comes through here; history and
    # last_transition stay Statesman's.
    module StateTransitions
      CAPABILITY = :state_transitions

      class << self
        # @return [void]
        def apply
          [::Tasker::StateMachine::StepStateMachine, ::Tasker::StateMachine::TaskStateMachine].each do |machine|
            machine.prepend(Machine)
          end
          ::Tasker::StateMachine::StepStateMachine.singleton_class.prepend(Dependencies)
          ::Tasker::Task.prepend(Completion)
        end

        # @return [HostConnection] the connection of the engine's own models
        def host = HostConnection.new(::Tasker::ApplicationRecord.connection)

        # Asks the core, or the engine, as the switch says. A state that is read in
        # shadow mode is compared like any other answer.
        def read(owner, method, id, engine, operation, arguments)
          return engine.call if id.nil?

          case TaskerCore.configuration.state_transitions
          when :active
            Failover.read(CAPABILITY, "#{owner.name}##{method}", engine) { Core.current.call(operation, arguments, host) }
          when :shadow then Prediction.compare_read("#{owner.name}##{method}", id, engine, operation, arguments)
          else engine.call
          end
        end
      end

      # Prepended to the engine's machines.
      module Machine
        # @return [String] the state in the database now, never from memory
        def current_state
          face = Face.of(self)
          id = face.id(object)
          state = StateTransitions.read(self.class, :current_state, id, -> { super() },
                                        face.state_operation, face.target(id))
          state || 'pending'
        end

        # @param new_state [String, Symbol]
        # @param metadata [Hash]
        # @return [true]
        # @raise [Statesman::TransitionFailedError, Statesman::GuardFailedError]
        # @raise [Statesman::TransitionConflictError] if another process was first
        def transition_to!(new_state, metadata = {})
          case TaskerCore.configuration.state_transitions
          when :active
            write = Write.new(self, new_state.to_s, metadata)
            return write.call { super } if write.possible?
          when :shadow
            return Prediction.new(self, new_state.to_s).check { super }
          end
          super
        end
      end

      # Prepended to StepStateMachine's class: one statement instead of one for each
      # parent. A check that fails raises, where the engine lets the step through.
      module Dependencies
        # @param step [Tasker::WorkflowStep]
        # @return [Boolean]
        def step_dependencies_met?(step)
          id = step.respond_to?(:workflow_step_id) ? step.workflow_step_id : nil
          StateTransitions.read(self, :step_dependencies_met?, id, -> { super }, 'step_dependencies_met', { 'step_id' => id })
        end
      end

      # Prepended to Task.
      module Completion
        # @return [Boolean]
        def all_steps_complete?
          StateTransitions.read(self.class, :all_steps_complete?, task_id, -> { super },
                                'all_steps_complete', { 'task_id' => task_id })
        end
      end
    end
  end
end
