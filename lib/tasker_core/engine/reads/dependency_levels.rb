# frozen_string_literal: true

module TaskerCore
  module Engine
    # Replaces FunctionBasedDependencyLevels.for_task, which the class's other methods call. If the
    # dependencies form a cycle it raises CycleError; the engine's function would never end.
    module DependencyLevels
      # @return [void]
      def self.apply
        ::Tasker::Functions::FunctionBasedDependencyLevels.singleton_class.prepend(self)
      end

      # @param task_id [Integer]
      # @return [Array<Tasker::Functions::FunctionBasedDependencyLevels>]
      # @raise [CycleError]
      def for_task(task_id)
        return super unless Arguments.id?(task_id)

        engine = -> { super(task_id) }
        Engine.read(:dependency_resolution, self, :for_task, [task_id], engine) do
          KnownFunctions.demand(connection, 'calculate_dependency_levels')
          Answers.rows(self, 'dependency_levels', 'task_id' => task_id)
        end
      end
    end
  end
end
