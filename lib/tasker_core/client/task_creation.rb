# frozen_string_literal: true

require 'json'
require_relative '../events/event_codec'

module TaskerCore
  # A task that was created.
  #
  # @!attribute [r] task_id
  #   @return [Integer]
  # @!attribute [r] step_ids
  #   @return [Hash{String => Integer}] the step ids by step name
  # @!attribute [r] identity_hash
  #   @return [String] identifies the task; it is unique
  CreatedTask = Struct.new(:task_id, :step_ids, :identity_hash)

  # The client's operation that creates a task with its steps. It does what the engine's
  # TaskInitializer does, without the task's handler.
  #
  #   client.create_task('sales_report', namespace: 'etl', context: { day: '2026-11-26' }, steps: [
  #     { name: 'extract' },
  #     { name: 'score', depends_on: ['extract'], retry_limit: 5 }
  #   ])
  #
  # Four things exist only in the engine: validation of the context against a handler's JSON schema,
  # the handler's hooks, custom identity strategies, and handler_config, which comes from the
  # template.
  module TaskCreation
    # The event that announces a new task with its steps.
    STARTED = 'task.start_requested'
    private_constant :STARTED

    # Creates a task with its steps and edges, and the definitions that do not exist yet. It does so
    # in one transaction (a savepoint inside an open one), and writes all or nothing. It takes two
    # statements for any number of steps, or six if it creates definitions.
    #
    # A worker that owns its tasks takes the task up at once (docs/WORKER.md). With enqueue: true,
    # Rails runs it: tasker_core:listen enqueues it once, as soon as the transaction is committed.
    #
    # @param name [String, Symbol] the task's name
    # @param steps [Array<Hash{Symbol => Object}>] for each step :name, and optionally
    #   :dependent_system ('unknown'), :depends_on (names of parents; none), :retryable (true; the
    #   engine never runs a step with false), :retry_limit (3; 1 allows one attempt, 0 none),
    #   :skippable (false) and :inputs (the context)
    # @param context [Hash] not empty, because the engine accepts no task without a context
    # @param options [Hash{Symbol => Object}] :namespace ('default'); :version ('0.1.0');
    #   :initiator, :source_system and :reason ('unknown'); :tags and :bypass_steps (lists of
    #   strings; empty); :identity (:uuid for a random identity, the default, or :hash for the
    #   engine's SHA-256 of the request and its minute); :identity_hash (your own identity instead);
    #   :enqueue (true to have Rails run the task, which needs a handler with the same steps)
    # @return [CreatedTask]
    # @raise [InvalidArgument] if a value is invalid; the message names it
    # @raise [CycleError] if the dependencies form a cycle; its path has the names of the steps
    # @raise [DuplicateTask] if another task has this identity
    # @raise [ConflictError] if another process deleted definitions at the same time
    def create_task(name, steps:, context:, **options)
      listed = step_list(steps)
      now, minute = @host.moment
      asked = { 'name' => name, 'steps' => listed, 'context' => json('context', context), 'minute' => minute,
                'now' => now }
      arguments = EventCodec.plain({ **options, **asked })
      made = @host.transaction { call('create_task', arguments).tap { |answer| tell(answer, context) } }
      task_id, step_ids, identity_hash, _started = made # CreatedReply
      CreatedTask.new(task_id, listed.map { |step| step['name'].to_s }.zip(step_ids).to_h, identity_hash)
    end

    private

    # If the host runs the statements, it also publishes the event.
    def tell(made, context)
      task_id, _step_ids, _identity_hash, started = made # CreatedReply
      @host.publish_after_commit(@core, [EventCodec.row(name: STARTED, task_id:, task_name: started['task_name'],
                                                        namespace: started['namespace'],
                                                        payload: { **started, 'task_context' => context })])
    end

    def step_list(steps)
      return steps.each_with_index.map { |step, place| step_map(step, place) } if steps.is_a?(Array)

      raise InvalidArgument.new("steps is #{steps.class}; it must be an Array of Hashes, each with a name",
                                code: 'invalid_argument')
    end

    def step_map(step, place)
      unless step.is_a?(Hash)
        raise InvalidArgument.new("steps[#{place}] is #{step.inspect}; it must be a Hash with a name, such as " \
                                  "{ name: 'extract' }", code: 'invalid_argument')
      end

      step = step.transform_keys(&:to_s)
      step['depends_on'] = step['depends_on'].to_a if step['depends_on'].is_a?(Set)
      step['inputs'] = json("steps[#{place}].inputs", step['inputs']) unless step['inputs'].nil?
      step
    end

    def json(name, value)
      value.to_json
    rescue JSON::JSONError, SystemStackError => e
      raise InvalidArgument.new("#{name} cannot be written as JSON: #{e.message}", code: 'invalid_argument')
    end
  end
end
