# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The task and the step that this thread executes. The engine's payloads and log lines about
      # these objects take their values from here instead of reading the database.
      module CurrentWork
        KEY = :tasker_core_current
        private_constant :KEY

        # @!attribute [r] task
        #   @return [TaskSnapshot]
        # @!attribute [r] execution
        #   @return [StepExecution, nil]
        Frame = Struct.new(:task, :execution)
        private_constant :Frame

        class << self
          # @param snapshot [TaskSnapshot]
          # @param execution [StepExecution, nil]
          # @yieldreturn [Object]
          def with(snapshot, execution = nil)
            before = Thread.current[KEY]
            Thread.current[KEY] = Frame.new(snapshot, execution)
            yield
          ensure
            Thread.current[KEY] = before
          end

          # @return [Boolean] whether this thread executes a run
          def here? = Thread.current[KEY] ? true : false

          # @param task [Tasker::Task]
          # @return [TaskSnapshot, nil] the snapshot of this task
          def task(task)
            snapshot = Thread.current[KEY]&.task
            snapshot if snapshot&.about?(task)
          end

          # @param step [Tasker::WorkflowStep]
          # @return [StepExecution, nil] the execution of this object
          def execution(step)
            execution = Thread.current[KEY]&.execution
            execution if execution&.step.equal?(step)
          end

          # @param step_id [Integer]
          # @return [Tasker::WorkflowStep, nil] the object on which this thread executes the step
          def step(step_id)
            step = Thread.current[KEY]&.execution&.step
            step if step && step.workflow_step_id == step_id
          end
        end
      end
    end
  end
end
