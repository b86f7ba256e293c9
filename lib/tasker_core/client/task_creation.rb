# frozen_string_literal: true

require 'json'
require_relative '../events/event_codec'

module TaskerCore
  # A task that was made.
  #
  # @!attribute [r] task_id
  #   @return [Integer]
  # @!attribute [r] step_ids
  #   @return [Hash{String => Integer}] by the steps' names
  # @!attribute [r] identity_hash
  #   @return [String] by which the task is known
  CreatedTask = Struct.new(:task_id, :step_ids, :identity_hash)

  # The operation of a Client that makes a task with its steps, as the engine's
  # TaskInitializer does, without its handler.
  #
  #   client.create_task('sales_report', namespace: 'etl', context: { day: '2026-11-26' }, steps: [
  #     { name: 'extract' },
  #     { name: 'score', depends_on: ['extract'], retry_limit: 5 }
  #   ])
  #
  # What only the engine in Ruby has: the check of the context against a handler's JSON
  # schema, the handler's hooks, identity strategies of an application's own, and
  # handler_config, which is the template's.
  module TaskCreation
    # The event of a task that was made with its steps.
    STARTED = 'task.start_requested'
    private_constant :STARTED

    # Makes a task, its steps and edges, and what they refer to where that is missing: all
    # or nothing, in one transaction (in a savepoint of the open one), with two statements,
    # six where definitions are made, for any number of steps.
    #
    # A worker that owns its tasks takes it up at once (docs/WORKER.md). With enqueue Rails
    # runs it: tasker_core:listen enqueues it once, as soon as the transaction is committed.
    #
    # @param name [String, Symbol] of the task
    # @param steps [Array<Hash{Symbol => Object}>] each with its name, and what is not as
    #   follows: dependent_system ('unknown'), depends_on (names; none), retryable (true;
    #   with false the engine never runs the step), retry_limit (3; 1 for one attempt alone,
    #   with 0 it is never run), skippable (false), inputs (the context)
    # @param context [Hash] not empty: the engine takes no task without
    # @param options [Hash{Symbol => Object}] namespace ('default'); version ('0.1.0');
    #   initiator, source_system and reason ('unknown'); tags and bypass_steps (lists of
    #   texts; none); identity: :uuid, a random one, unless it is :hash, the engine's SHA256
    #   of what was asked for and the minute of it; identity_hash: one of your own instead;
    #   enqueue: true where Rails is to run it, which takes a handler with the same steps
    # @return [CreatedTask]
    # @raise [InvalidArgument] for a value that cannot be, named in the message
    # @raise [CycleError] if the steps would wait for each other in a circle; its path has
    #   their names
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

    # Where the host runs the statements it publishes, too.
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
