# frozen_string_literal: true

require_relative '../../native/nearest'

module TaskerCore
  # The questions of a verification.
  class Verification
    # A question for both: the engine answers by its own method, the core by the replacement of that method
    # when a capability is :active.
    #
    # @api private
    # @!attribute [r] name
    #   @return [Symbol]
    # @!attribute [r] together
    #   @return [Boolean] whether it is asked about many tasks at once
    # @!attribute [r] source
    #   @return [String] the engine's method as Ruby code, with %s for the task or tasks
    # @!attribute [r] engine
    #   @return [Proc] receives the task or tasks, and returns the engine's rows
    # @!attribute [r] core
    #   @return [Proc] the same for the core's rows
    Question = Data.define(:name, :together, :source, :engine, :core) do
      alias_method :together?, :together

      # @param task_id [Integer]
      # @return [String] the engine's method as Ruby code for one task
      def call(task_id) = format(source, together? ? [task_id] : task_id)
    end

    # A state, in the form of the engine's rows.
    #
    # @api private
    State = Struct.new(:attributes) do
      # @return [Integer]
      def task_id = attributes['task_id']
    end
    private_constant :State

    # Asks the core on the connection of the engine's models.
    #
    # @api private
    module Core
      module_function

      # @param wrapper [Class] the engine's class for the rows
      # @param operation [String]
      # @return [Array<Object>] instances of the wrapper
      def rows(wrapper, operation, **arguments)
        Engine::Answers.versioned_rows(wrapper, operation, arguments.transform_keys(&:name))
      end

      def levels(wrapper, task_id)
        Engine::KnownFunctions.demand(wrapper.connection, 'calculate_dependency_levels')
        Engine::Answers.rows(wrapper, 'dependency_levels', { 'task_id' => task_id })
      end

      # Without an audit row, a machine is in its initial state.
      def state(operation, **target)
        host = Engine::States.host
        TaskerCore::Core.current.call(operation, target.transform_keys(&:name), host) || 'pending'
      end
    end
    private_constant :Core

    # Asks both for the states of a task and of its steps.
    #
    # @api private
    module States
      module_function

      def steps(task_id) = ::Tasker::WorkflowStep.where(task_id:).order(:workflow_step_id)

      def of_steps(task_id)
        steps(task_id).map do |step|
          State.new({ 'workflow_step_id' => step.workflow_step_id, 'current_state' => yield(step) })
        end
      end

      # Empty if the task was deleted meanwhile.
      def of_task(task_id)
        ::Tasker::Task.where(task_id:).map do |task|
          State.new({ 'task_id' => task_id, 'current_state' => yield(task) })
        end
      end
    end
    private_constant :States

    READINESS = -> { ::Tasker::Functions::FunctionBasedStepReadinessStatus }
    CONTEXT = -> { ::Tasker::Functions::FunctionBasedTaskExecutionContext }
    LEVELS = -> { ::Tasker::Functions::FunctionBasedDependencyLevels }
    DAG = ->(ids) { ::Tasker::StepDagRelationship.where(task_id: ids) }
    private_constant :READINESS, :CONTEXT, :LEVELS, :DAG

    # All questions; those about many tasks at once come first.
    #
    # @api private
    class Question
      ALL = [
        new(name: :step_readiness_batch, together: true,
            source: 'Tasker::Functions::FunctionBasedStepReadinessStatus.for_tasks(%s)',
            engine: ->(ids) { READINESS.call.for_tasks(ids) },
            core: ->(ids) { Core.rows(READINESS.call, 'step_readiness_batch', task_ids: ids) }),
        new(name: :task_execution_contexts, together: true,
            source: 'Tasker::Functions::FunctionBasedTaskExecutionContext.for_tasks(%s)',
            engine: ->(ids) { CONTEXT.call.for_tasks(ids) },
            core: ->(ids) { Core.rows(CONTEXT.call, 'task_execution_contexts', task_ids: ids) }),
        new(name: :step_dag, together: true, source: 'Tasker::StepDagRelationship.where(task_id: %s)',
            engine: ->(ids) { DAG.call(ids).to_a }, core: ->(ids) { Engine::BoundedDag.records(DAG.call(ids)) }),
        new(name: :step_readiness, together: false,
            source: 'Tasker::Functions::FunctionBasedStepReadinessStatus.for_task(%s)',
            engine: ->(id) { READINESS.call.for_task(id) },
            core: ->(id) { Core.rows(READINESS.call, 'step_readiness', task_id: id, step_ids: nil) }),
        new(name: :task_execution_context, together: false,
            source: 'Tasker::Functions::FunctionBasedTaskExecutionContext.find(%s)',
            engine: ->(id) { [CONTEXT.call.find(id)].compact },
            core: ->(id) { Core.rows(CONTEXT.call, 'task_execution_context', task_id: id) }),
        new(name: :dependency_levels, together: false,
            source: 'Tasker::Functions::FunctionBasedDependencyLevels.for_task(%s)',
            engine: ->(id) { LEVELS.call.for_task(id) }, core: ->(id) { Core.levels(LEVELS.call, id) }),
        new(name: :current_step_states, together: false,
            source: 'Tasker::WorkflowStep.where(task_id: %s).map { |step| step.state_machine.current_state }',
            engine: ->(id) { States.of_steps(id) { |step| step.state_machine.current_state } },
            core: lambda { |id|
              States.of_steps(id) { |step| Core.state('current_step_state', step_id: step.workflow_step_id) }
            }),
        new(name: :current_task_state, together: false,
            source: 'Tasker::Task.find(%s).state_machine.current_state',
            engine: ->(id) { States.of_task(id) { |task| task.state_machine.current_state } },
            core: ->(id) { States.of_task(id) { Core.state('current_task_state', task_id: id) } })
      ].freeze

      class << self
        # @return [Array<Symbol>] the names of all questions
        def names = ALL.map(&:name)

        # @param only [Array<Symbol, String>, nil]
        # @param except [Array<Symbol, String>]
        # @return [Array<Question>]
        # @raise [InvalidArgument] for an unknown name
        def choose(only, except)
          only = Array(only || names).map(&:to_sym)
          except = Array(except).map(&:to_sym)
          Nearest.demand('question', only + except, names)
          ALL.select { |question| (only - except).include?(question.name) }
        end
      end
    end
  end
end
