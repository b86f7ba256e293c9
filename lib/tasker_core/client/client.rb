# frozen_string_literal: true

require 'json'
require_relative '../native/row'
require_relative 'analytics'
require_relative 'drawing'
require_relative '../events/event_catalog'
require_relative 'external_work'
require_relative 'graph_analysis'
require_relative '../native/ids'
require_relative 'schema_check'
require_relative 'session'
require_relative 'stuck_work'
require_relative 'task_creation'
require_relative 'task_progress'
require_relative 'transition'

module TaskerCore
  # The operations of the core, as Ruby methods. Every answer is read from the
  # database at the time of the call.
  #
  # Every method raises DatabaseError (SchemaMissing where the engine's tables are
  # not there) if the database fails, and InvalidArgument for arguments that do
  # not fit.
  class Client
    include Analytics
    include Drawing
    include EventOperations
    include ExternalWork
    include GraphAnalysis
    include Ids
    include TaskProgressOperations
    include Publishing
    include SchemaOperations
    include Sessions
    include StuckWork
    include TaskCreation

    # @param core [Core]
    # @param host [HostConnection]
    def initialize(core, host)
      @core = core
      @host = host
    end

    # Which steps of a task can run, and why the others cannot: the rows of the
    # engine's get_step_readiness_status, ordered by step id.
    #
    # @param task_id [Integer]
    # @param step_ids [Array<Integer>, nil] only these steps; nil all, [] none
    # @param must_exist [Boolean] whether an unknown task is an error
    # @return [Array<StepReadiness>] [] for an unknown task
    # @raise [NotFound] for an unknown task, with must_exist
    def step_readiness(task_id, step_ids: nil, must_exist: false)
      StepReadiness.all(call('step_readiness', 'task_id' => id(task_id), 'step_ids' => step_ids && ids(step_ids),
                                               'must_exist' => must_exist, 'function_version' => readiness_version))
    end

    # The same for many tasks in one statement, ordered by step id; in a database with
    # version 1 of the functions by task id first, as there.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<StepReadiness>]
    def step_readiness_batch(task_ids)
      StepReadiness.all(call('step_readiness_batch', batch(task_ids)))
    end

    # The steps of a task that can run now.
    #
    # @param task_id [Integer]
    # @param must_exist [Boolean] see step_readiness
    # @return [Array<Integer>] step ids in ascending order; [] also for an unknown task
    # @raise [NotFound]
    def viable_steps(task_id, must_exist: false)
      call('viable_steps', 'task_id' => id(task_id), 'must_exist' => must_exist,
                           'function_version' => readiness_version)
    end

    # How a task stands: the engine's get_task_execution_context.
    #
    # @param task_id [Integer]
    # @return [TaskExecutionContext, nil] nil for an unknown task
    def task_execution_context(task_id)
      TaskExecutionContext.all(call('task_execution_context', 'task_id' => id(task_id),
                                                              'function_version' => readiness_version)).first
    end

    # The same for many tasks in one statement, ordered by task id.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<TaskExecutionContext>] unknown tasks are missing
    def task_execution_contexts(task_ids)
      TaskExecutionContext.all(call('task_execution_contexts', batch(task_ids)))
    end

    # The level of each step, the longest path from a root: the engine's
    # calculate_dependency_levels, ordered by level and id.
    #
    # @param task_id [Integer]
    # @param must_exist [Boolean] see step_readiness
    # @return [Array<DependencyLevel>] [] for an unknown task
    # @raise [CycleError] if steps depend on each other in a circle
    # @raise [NotFound]
    def dependency_levels(task_id, must_exist: false)
      DependencyLevel.all(call('dependency_levels', 'task_id' => id(task_id), 'must_exist' => must_exist))
    end

    # Parents, children and depth of each step: the rows that the engine's view
    # tasker_step_dag_relationships has for one task, ordered by step id.
    #
    # @param task_id [Integer]
    # @param must_exist [Boolean] see step_readiness
    # @return [Array<StepDagRelationship>] [] for an unknown task
    # @raise [NotFound]
    def step_dag(task_id, must_exist: false)
      StepDagRelationship.all(call('step_dag', 'task_id' => id(task_id), 'must_exist' => must_exist))
    end

    # Moves a step to another state, if its state and its parents allow it: the
    # database checks and writes in one statement, in a savepoint of its own.
    #
    # @param step_id [Integer]
    # @param to [String, Symbol] the target state
    # @param metadata [Hash] written to the audit row
    # @return [Transition] what became of it; see Transition#code
    # @raise [NotFound] if there is no such step
    def transition_step(step_id, to:, metadata: {})
      transition('transition_step', to, metadata, 'step_id' => id(step_id))
    end

    # The same, raising where nothing was written.
    #
    # @return [Transition]
    # @raise [TransitionError] if the state, the guard or another process forbids it
    # @raise [NotFound] if there is no such step
    def transition_step!(step_id, to:, metadata: {})
      transition_step(step_id, to:, metadata:).tap(&:raise_unless_written)
    end

    # Moves many steps in one statement, locked in the order of their ids. Those
    # that may not move stay as they are; unknown ids are missing in the answer.
    #
    # @param step_ids [Array<Integer>]
    # @return [Array<Transition>] in ascending order of id
    # @raise [ConflictError] if another process wrote to one of them at the same
    #   time; then none was moved
    def transition_steps(step_ids, to:, metadata: {})
      answers = write('transition_steps', to, metadata, 'step_ids' => ids(step_ids))
      answers.map { |fields| Transition.new(*fields) }
    end

    # Moves a task to another state; to complete only if all its steps are
    # complete or resolved manually.
    #
    # @return [Transition]
    # @raise [NotFound] if there is no such task
    def transition_task(task_id, to:, metadata: {})
      transition('transition_task', to, metadata, 'task_id' => id(task_id))
    end

    # The same, raising where nothing was written.
    #
    # @return [Transition]
    # @raise [TransitionError]
    # @raise [NotFound]
    def transition_task!(task_id, to:, metadata: {})
      transition_task(task_id, to:, metadata:).tap(&:raise_unless_written)
    end

    # @param step_id [Integer]
    # @return [String, nil] the step's state now, nil for an unknown step
    def current_step_state(step_id) = call('current_step_state', 'step_id' => id(step_id))

    # @param task_id [Integer]
    # @return [String, nil] the task's state now, nil for an unknown task
    def current_task_state(task_id) = call('current_task_state', 'task_id' => id(task_id))

    # Creates the engine's tables, indexes, view and functions in the current
    # schema, in one transaction. schema_migrations is left alone.
    #
    # @return [Array<String>] what was created
    # @raise [SchemaNotEmpty] if one of the engine's tables is there already
    def install_schema
      FunctionVersions.reset
      @host.transaction { call('install_schema', {}) }
    end

    # @return [Stats] what the core behind this client has counted
    def stats = Stats.of(@core)

    # Asks the database for a sign of life.
    #
    # @param database [Boolean] false asks the core alone
    # @return [String] "pong"
    # @raise [DatabaseError] where it gives none
    def ping(database: true) = call(database ? 'ping_database' : 'ping', {})

    # Which rules of readiness this database follows, by the bodies of its
    # functions; read once for each database and search path, or for a client with
    # connections of its own.
    #
    # @return [Integer] 1 or 2
    # @raise [UnknownFunction] if a function's body is not one that is known
    def readiness_version = @readiness_version ||= @host.rules { call('readiness_version', {}) }

    private

    def subscriptions = @core.subscriptions

    def event_core = @core

    def call(operation, arguments) = @core.call(operation, arguments, @host)

    def transition(operation, to, metadata, target)
      Transition.new(*write(operation, to, metadata, target))
    rescue ConflictError => e
      Transition.new(target.values.first, 'conflict', e.message, nil, to.to_s, nil, nil, nil)
    end

    def write(operation, to, metadata, target)
      to = to.name if to.is_a?(Symbol)
      arguments = target.merge('to' => to, 'metadata' => metadata.to_json, 'now' => @host.now)
      @host.transaction { call(operation, arguments) }
    end

    def batch(task_ids) = { 'task_ids' => ids(task_ids), 'function_version' => readiness_version }
  end
end
