# frozen_string_literal: true

module TaskerCore
  module Engine
    module States
      # The differences between the state machines of steps and tasks, and whether a machine is
      # still as the engine defines it.
      class MachineSpec
        # The successors that the core knows. If an application gave a machine others, the engine
        # decides.
        SUCCESSORS = {
          'step' => { 'pending' => %w[in_progress error cancelled resolved_manually],
                      'in_progress' => %w[complete error cancelled], 'error' => %w[pending resolved_manually] },
          'task' => { 'pending' => %w[in_progress cancelled error],
                      'in_progress' => %w[complete error cancelled pending], 'error' => %w[pending resolved_manually],
                      'complete' => %w[cancelled], 'resolved_manually' => %w[cancelled] }
        }.freeze

        class << self
          # @param machine [Object] one of the engine's machines, or of a subclass
          # @return [MachineSpec]
          def of(machine) = machine.is_a?(::Tasker::StateMachine::TaskStateMachine) ? task : step

          # @param model [Class] of a machine
          # @return [MachineSpec]
          def of_machine(model) = model <= ::Tasker::StateMachine::TaskStateMachine ? task : step

          # @param object [Tasker::Task, Tasker::WorkflowStep]
          # @return [MachineSpec]
          def of_object(object) = object.is_a?(::Tasker::Task) ? task : step

          private

          def step = @step ||= new('step', 'Tasker::StateMachine::StepStateMachine')
          def task = @task ||= new('task', 'Tasker::StateMachine::TaskStateMachine')
        end

        # @return [String] step or task
        attr_reader :kind

        # @return [Symbol] the column and the attribute with the id
        attr_reader :key

        # @return [Symbol] the association with the audit rows
        attr_reader :association

        # @return [String] the operations that write, read the state and check the guard
        attr_reader :write_operation, :state_operation, :guard_operation

        def initialize(kind, machine_name)
          @kind = kind
          @key = kind == 'step' ? :workflow_step_id : :task_id
          @association = kind == 'step' ? :workflow_step_transitions : :task_transitions
          @write_operation = "transition_#{kind}"
          @state_operation = "current_#{kind}_state"
          @guard_operation = kind == 'step' ? 'step_dependencies_met' : 'all_steps_complete'
          @source = Object.const_source_location(machine_name).first
        end

        # @return [Integer, nil] nil for an unsaved object
        def id(object) = object.public_send(@key)

        # @return [Class] the model of the audit rows
        def transition_model = @kind == 'step' ? ::Tasker::WorkflowStepTransition : ::Tasker::TaskTransition

        # @return [ActiveRecord::Relation] the object's audit rows, from the database
        def rows(object) = object.public_send(@association).where({})

        # @return [Hash{String => Integer}] the argument that identifies the object
        def target(id) = { "#{@kind}_id" => id }

        # @param model [Class] of a machine
        # @return [Boolean] whether the machine has exactly the engine's states
        def known?(model)
          successors = model.successors
          (successors.keys | SUCCESSORS[@kind].keys).all? do |state|
            Array(successors[state]).sort == SUCCESSORS[@kind].fetch(state, []).sort
          end
        end

        # @return [Boolean] whether the check behind the target's guard is the one that delegation
        #   installed, and not a stub of a spec
        def own_check?(object, state)
          if @kind == 'step'
            state != 'in_progress' ||
              ::Tasker::StateMachine::StepStateMachine.method(:step_dependencies_met?).owner == Dependencies
          else
            state != 'complete' || object.method(:all_steps_complete?).owner == Completion
          end
        end

        # @return [Boolean] whether an audit row can be written without its model: it has no
        #   callbacks except those that save associations
        def plain?(model)
          model.__callbacks.values_at(:save, :create, :commit).all? do |chain|
            chain.all? { |callback| callback.filter.to_s.start_with?('autosave_associated_records_for_') }
          end
        end

        # @return [Boolean] whether a callback is the engine's own, by its source file
        def own?(callback) = callback.callback.source_location&.first == @source
      end
    end
  end
end
