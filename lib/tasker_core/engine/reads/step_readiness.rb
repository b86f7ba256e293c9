# frozen_string_literal: true

module TaskerCore
  module Engine
    # Replaces FunctionBasedStepReadinessStatus.for_task and .for_tasks, which the class's other
    # methods call.
    module StepReadiness
      # @return [void]
      def self.apply
        ::Tasker::Functions::FunctionBasedStepReadinessStatus.singleton_class.prepend(self)
      end

      # @param task_id [Integer]
      # @param step_ids [Array<Integer>, nil] nil for all steps, [] for none
      # @return [Array<Tasker::Functions::FunctionBasedStepReadinessStatus>]
      def for_task(task_id, step_ids = nil)
        return super unless Arguments.id?(task_id) && (step_ids.nil? || Arguments.ids?(step_ids))

        engine = -> { super(task_id, step_ids) }
        Engine.read(:dependency_resolution, self, :for_task, [task_id, step_ids], engine) do
          Answers.versioned_rows(self, 'step_readiness', 'task_id' => task_id, 'step_ids' => step_ids)
        end
      end

      # @param task_ids [Array<Integer>]
      # @return [Array<Tasker::Functions::FunctionBasedStepReadinessStatus>]
      def for_tasks(task_ids)
        return super unless Arguments.ids?(task_ids) && !task_ids.empty?

        engine = -> { super(task_ids) }
        Engine.read(:dependency_resolution, self, :for_tasks, [task_ids], engine) do
          Answers.versioned_rows(self, 'step_readiness_batch', 'task_ids' => task_ids)
        end
      end
    end
  end
end
