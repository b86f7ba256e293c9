# frozen_string_literal: true

module TaskerCore
  module Engine
    # Replaces FunctionBasedTaskExecutionContext.find and .for_tasks.
    module ExecutionContext
      # @return [void]
      def self.apply
        ::Tasker::Functions::FunctionBasedTaskExecutionContext.singleton_class.prepend(self)
      end

      # @param task_id [Integer]
      # @return [Tasker::Functions::FunctionBasedTaskExecutionContext, nil]
      def find(task_id)
        return super unless Arguments.id?(task_id)

        engine = -> { super(task_id) }
        Engine.read(:dependency_resolution, self, :find, [task_id], engine) do
          Answers.versioned_rows(self, 'task_execution_context', 'task_id' => task_id).first
        end
      end

      # @param task_ids [Array<Integer>]
      # @return [Array<Tasker::Functions::FunctionBasedTaskExecutionContext>]
      def for_tasks(task_ids)
        return super unless Arguments.ids?(task_ids) && !task_ids.empty?

        engine = -> { super(task_ids) }
        Engine.read(:dependency_resolution, self, :for_tasks, [task_ids], engine) do
          Answers.versioned_rows(self, 'task_execution_contexts', 'task_ids' => task_ids)
        end
      end
    end
  end
end
