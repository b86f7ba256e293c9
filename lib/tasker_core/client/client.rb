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
  # The core's operations as Ruby methods. Every call reads the database, so its answer is current.
  #
  # Every method raises DatabaseError if the database fails (SchemaMissing if the engine's tables do
  # not exist), and InvalidArgument if an argument has the wrong type or value.
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

    # Tells which steps of a task can run, and why the others cannot. The rows are those of the
    # engine's get_step_readiness_status, ordered by step id.
    #
    # @param task_id [Integer]
    # @param step_ids [Array<Integer>, nil] only these steps; nil for all, [] for none
    # @param must_exist [Boolean] whether an unknown task raises an error
    # @return [Array<StepReadiness>] [] for an unknown task
    # @raise [NotFound] if the task is unknown and must_exist is true
    def step_readiness(task_id, step_ids: nil, must_exist: false)
      StepReadiness.all(call('step_readiness', 'task_id' => id(task_id), 'step_ids' => step_ids && ids(step_ids),
                                               'must_exist' => must_exist, 'function_version' => readiness_version))
    end

    # Does the same for many tasks in one statement. The rows are ordered by step id; in a database
    # with version 1 of the engine's functions they are ordered by task id first, as those functions
    # order them.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<StepReadiness>]
    def step_readiness_batch(task_ids)
      StepReadiness.all(call('step_readiness_batch', batch(task_ids)))
    end

    # Lists the steps of a task that can run now.
    #
    # @param task_id [Integer]
    # @param must_exist [Boolean] see step_readiness
    # @return [Array<Integer>] step ids in ascending order; [] also for an unknown task
    # @raise [NotFound]
    def viable_steps(task_id, must_exist: false)
      call('viable_steps', 'task_id' => id(task_id), 'must_exist' => must_exist,
                           'function_version' => readiness_version)
    end

    # Describes a task's progress, as the engine's get_task_execution_context does.
    #
    # @param task_id [Integer]
    # @return [TaskExecutionContext, nil] nil for an unknown task
    def task_execution_context(task_id)
      TaskExecutionContext.all(call('task_execution_context', 'task_id' => id(task_id),
                                                              'function_version' => readiness_version)).first
    end

    # Does the same for many tasks in one statement, ordered by task id.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<TaskExecutionContext>] without rows for unknown tasks
    def task_execution_contexts(task_ids)
      TaskExecutionContext.all(call('task_execution_contexts', batch(task_ids)))
    end

    # Computes each step's level: the length of the longest path from a root step. The rows are
    # those of the engine's calculate_dependency_levels, ordered by level and step id.
    #
    # @param task_id [Integer]
    # @param must_exist [Boolean] see step_readiness
    # @return [Array<DependencyLevel>] [] for an unknown task
    # @raise [CycleError] if the dependencies form a cycle
    # @raise [NotFound]
    def dependency_levels(task_id, must_exist: false)
      DependencyLevel.all(call('dependency_levels', 'task_id' => id(task_id), 'must_exist' => must_exist))
    end

    # Lists the parents, children and depth of each step. The rows are those of the engine's view
    # tasker_step_dag_relationships for this task, ordered by step id.
    #
    # @param task_id [Integer]
    # @param must_exist [Boolean] see step_readiness
    # @return [Array<StepDagRelationship>] [] for an unknown task
    # @raise [NotFound]
    def step_dag(task_id, must_exist: false)
      StepDagRelationship.all(call('step_dag', 'task_id' => id(task_id), 'must_exist' => must_exist))
    end

    # Moves a step to another state if its current state and its parents allow it. The database
    # checks and writes in one statement, inside a savepoint.
    #
    # @param step_id [Integer]
    # @param to [String, Symbol] the target state
    # @param metadata [Hash] written to the audit row
    # @return [Transition] Transition#code tells whether it was written
    # @raise [NotFound] if the step does not exist
    def transition_step(step_id, to:, metadata: {})
      transition('transition_step', to, metadata, 'step_id' => id(step_id))
    end

    # Does the same and raises an error if nothing was written.
    #
    # @return [Transition]
    # @raise [TransitionError] if the state, a guard or another process prevents the transition
    # @raise [NotFound] if the step does not exist
    def transition_step!(step_id, to:, metadata: {})
      transition_step(step_id, to:, metadata:).tap(&:raise_unless_written)
    end

    # Moves many steps in one statement, which locks them in the order of their ids. Steps that may
    # not move stay as they are. Unknown ids are missing from the answer.
    #
    # @param step_ids [Array<Integer>]
    # @return [Array<Transition>] in ascending order of id
    # @raise [ConflictError] if another process wrote to one of the steps at the same time; no step
    #   was moved
    def transition_steps(step_ids, to:, metadata: {})
      answers = write('transition_steps', to, metadata, 'step_ids' => ids(step_ids))
      answers.map { |fields| Transition.new(*fields) }
    end

    # Moves a task to another state. It reaches complete only if all its steps are complete or
    # resolved manually.
    #
    # @return [Transition]
    # @raise [NotFound] if the task does not exist
    def transition_task(task_id, to:, metadata: {})
      transition('transition_task', to, metadata, 'task_id' => id(task_id))
    end

    # Does the same and raises an error if nothing was written.
    #
    # @return [Transition]
    # @raise [TransitionError]
    # @raise [NotFound]
    def transition_task!(task_id, to:, metadata: {})
      transition_task(task_id, to:, metadata:).tap(&:raise_unless_written)
    end

    # @param step_id [Integer]
    # @return [String, nil] the step's current state; nil for an unknown step
    def current_step_state(step_id) = call('current_step_state', 'step_id' => id(step_id))

    # @param task_id [Integer]
    # @return [String, nil] the task's current state; nil for an unknown task
    def current_task_state(task_id) = call('current_task_state', 'task_id' => id(task_id))

    # Creates the engine's tables, indexes, view and functions in the current schema, in one
    # transaction. It does not write to schema_migrations.
    #
    # @return [Array<String>] the names of the created objects
    # @raise [SchemaNotEmpty] if one of the engine's tables already exists
    def install_schema
      FunctionVersions.reset
      @host.transaction { call('install_schema', {}) }
    end

    # @return [Stats] the counters of the core behind this client
    def stats = Stats.of(@core)

    # Checks that the core and the database answer.
    #
    # @param database [Boolean] false checks only the core
    # @return [String] "pong"
    # @raise [DatabaseError] if the database does not answer
    def ping(database: true) = call(database ? 'ping_database' : 'ping', {})

    # Tells which version of the readiness rules this database follows, judging by the bodies of its
    # functions. The answer is read once for each database and search path, or once for each client
    # with its own connections.
    #
    # @return [Integer] 1 or 2
    # @raise [UnknownFunction] if the body of a function is unknown
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
