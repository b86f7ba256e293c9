# frozen_string_literal: true

require 'json'
require_relative 'failure'
require_relative '../native/nearest'
require_relative 'numbers'
require_relative '../native/row'
require_relative '../native/table'
require_relative 'transition'

module TaskerCore
  # A step that a worker outside of Rails has claimed, with the data that its handler reads.
  #
  # @!attribute [r] handler
  #   @return [Hash{Symbol => String}] the handler, as it was passed to #claim_ready_steps
  # @!attribute [r] version
  #   @return [String] the version of the task's template
  # @!attribute [r] token
  #   @return [Integer] the id of the claim's audit row
  # @!attribute [r] attempts
  #   @return [Integer] the number of earlier attempts
  # @!attribute [r] context
  #   @return [Object] the task's context
  # @!attribute [r] results
  #   @return [Object] the results of the last attempt
  # @!attribute [r] parents
  #   @return [Hash{String => Object}] the results of the step's parents by name
  ClaimedStep = Struct.new(*ClaimedRow.attributes)

  # The client's operations for workers outside of Rails. They execute the steps whose template
  # names an external executor.
  #
  #   handlers = [{ task: 'etl', step: 'clean' }]
  #   client.claim_ready_steps(handlers, limit: 4).each do |step|
  #     client.complete_claim(step, results: clean(step.parents))
  #   rescue SomeError => e
  #     client.fail_claim(step, error: e)
  #   end
  #
  # They write the same rows as a run in Rails, and notify the listener in Rails when a step has
  # ended (docs/WORKER.md).
  module ExternalWork
    include Numbers

    # The JSON documents of a claimed step, and the maximum nesting of each. The parents' document
    # has one more level, for the step names.
    DOCUMENTS = { 'context' => 100, 'inputs' => 100, 'results' => 100, 'parents' => 101 }.freeze
    HANDLER = %i[namespace task version step].freeze
    private_constant :DOCUMENTS, :HANDLER

    # A document of a step that Ruby's JSON parser cannot read.
    #
    # @api private
    class UnreadableDocument < StandardError; end

    # Finds steps that can run, oldest first, and claims them. A failed step whose backoff is over
    # goes back to pending first. Workers that call it at the same time get different steps. A step
    # whose documents cannot be read (more than 100 levels of nesting) fails permanently, with the
    # reason in its results, and is not in the answer.
    #
    # @param handlers [Array<Hash>] with :task and :step, and optionally :namespace ('default') and
    #   :version (any)
    # @param limit [Integer] the maximum number of steps, 1 to 1000
    # @param start_tasks [Boolean] whether to claim steps of pending tasks too and set those tasks
    #   in_progress; use it for tasks that only workers run
    # @return [Array<ClaimedStep>]
    # @raise [InvalidArgument] if a handler has no task or no step
    # @raise [ConflictError] if another process wrote to one of the steps at the same time; no step
    #   was claimed
    def claim_ready_steps(handlers, limit: 1, start_tasks: false)
      names = handler_list(handlers)
      loop do
        claimed = ClaimedRow.all(written('claim_ready_steps', 'handlers' => names, 'limit' => limit,
                                                              'start_tasks' => start_tasks, **rules))
        steps = claimed.filter_map { |row| claimed_step(row, handlers) }
        return steps if steps.any? || claimed.empty?
      end
    end

    # Records that a claimed step is complete.
    #
    # @param step [ClaimedStep]
    # @param results [Object] any value that can be written as JSON
    # @return [Transition] with the code "conflict" if the claim no longer holds; nothing was
    #   written then
    def complete_claim(step, results: {}) = finish_claim(step, 'complete', 'results' => JSON.generate(results))

    # Records that a claimed step has failed. It can be retried when its backoff is over, as long as
    # it has attempts left.
    #
    # @param step [ClaimedStep]
    # @param error [Exception, String]
    # @param retryable [Boolean] false if another attempt would be useless
    # @param retry_after [Numeric, ActiveSupport::Duration, nil] seconds to wait before the next
    #   attempt; nil for the engine's backoff
    # @return [Transition] as for #complete_claim
    def fail_claim(step, error:, retryable: true, retry_after: nil)
      before = step.results.is_a?(Hash) ? step.results : {}
      finish_claim(step, 'error', 'results' => JSON.generate(before.merge(Failure.fields(error))),
                                  'retryable' => retryable, 'retry_after' => retry_after && whole_seconds(retry_after))
    end

    # Renews claims: it tells that the worker is alive, so its steps do not count as stuck.
    #
    # @param steps [Array<ClaimedStep>]
    # @param stopping [Boolean] whether to tell handlers that call #claim_state that the worker is
    #   shutting down
    # @return [Array<ClaimedStep>] the claims that still hold; the results of the others would be
    #   refused
    def renew_claims(steps, stopping: false)
      held = written('renew_claims', 'tokens' => steps.map(&:token), 'stopping' => stopping)
      steps.select { |step| held.include?(step.token) }
    end

    # Asks whether a handler may be executed now. Use it where a queue or a cluster between the
    # worker and the handler may deliver a step twice: only one runner may begin.
    #
    # @param step [ClaimedStep]
    # @param runner [String] a name that is unique to this execution of the handler
    # @return [String] "begun": go on; "taken": another runner has begun; "lost": the claim no
    #   longer holds
    # @raise [InvalidArgument] if runner is empty
    def begin_claim(step, runner:)
      @host.transaction { call('begin_claim', 'token' => step.token, 'runner' => runner) }
    end

    # Reads the state of a claim. It changes nothing.
    #
    # @param step [ClaimedStep]
    # @return [String] "held"; "stopping": held by a worker that is shutting down; "lost": a result
    #   would be refused
    def claim_state(step) = call('claim_state', 'token' => step.token)

    # Ends a task that only workers run, when no work is left. The task becomes complete, or error
    # if a step has failed permanently.
    #
    # @param task_id [Integer]
    # @return [String] the task's state
    # @raise [NotFound] if the task does not exist
    def finalize_task(task_id) = written('finalize_task', 'task_id' => id(task_id), **rules)

    # Waits until steps may be ready, or have ended elsewhere. It needs a client with its own
    # connections (TaskerCore.open); one connection stays open and listens.
    #
    # @param timeout [Numeric] seconds, 0 to 3600
    # @return [Boolean] false if no notification arrived in this time
    # @raise [InvalidArgument] if the timeout is out of range
    def await_steps(timeout:)
      wait = seconds(timeout, 3600)
      return call('await_steps', 'timeout_ms' => (wait * 1000).round) if wait

      raise InvalidArgument.new("timeout is #{timeout.inspect}; it must be seconds from 0 to 3600",
                                code: 'invalid_argument')
    end

    private

    def rules = { 'function_version' => readiness_version }

    def handler_list(handlers)
      return handlers.map { |handler| handler_names(handler) } if handlers.respond_to?(:map)

      raise InvalidArgument.new("handlers is #{handlers.inspect}; it must be a list of Hashes with :task and :step",
                                code: 'invalid_argument')
    end

    def handler_names(handler)
      unless handler.is_a?(Hash) && handler[:task] && handler[:step]
        raise InvalidArgument.new("#{handler.inspect} is not a handler; it must be a Hash with :task and :step, " \
                                  'and may have :namespace and :version', code: 'invalid_argument')
      end
      Nearest.demand('part of a handler', handler.keys, HANDLER)

      [handler.fetch(:namespace, 'default'), handler[:task], handler[:version] || '', handler[:step]]
    end

    def written(operation, arguments)
      @host.transaction { call(operation, { 'now' => @host.now, **arguments }) }
    end

    # Reads each step separately, because all of them are claimed already.
    #
    # @return [ClaimedStep, nil] nil if a document cannot be read
    def claimed_step(row, handlers)
      step = ClaimedStep.new(*row.to_h.values)
      step.handler = handlers.fetch(row.handler)
      DOCUMENTS.each { |name, depth| step[name] = document(name, row[name], depth) }
      step.parents ||= {}
      step
    rescue UnreadableDocument => e
      fail_unreadable(step, e)
    end

    def document(name, text, depth)
      text && JSON.parse(text, max_nesting: depth)
    rescue JSON::ParserError, SystemStackError => e
      what = name == 'parents' ? 'the results of its parents' : "its #{name}"
      raise UnreadableDocument, "#{what} cannot be read: #{e.message}"
    end

    # The other steps are claimed too, and the caller gets them whether or not this write succeeds.
    def fail_unreadable(step, error)
      fail_claim(step, error:, retryable: false)
      nil
    rescue Error => e
      Reporting.report(Report.new(kind: :step_stays_claimed, capability: :core, operation: 'claim_ready_steps',
                                  details: { error: e },
                                  message: "step #{step.workflow_step_id} stays claimed: #{error.message}, and " \
                                           "writing this failed: #{e.message}"))
      nil
    end

    def finish_claim(step, state, outcome)
      arguments = { 'step_id' => step.workflow_step_id, 'task_id' => step.task_id, 'token' => step.token,
                    'to' => state, **outcome }
      code, message, transition_id, sort_key = written('finish_claim', arguments) # OutcomeReply
      Transition.new(step.workflow_step_id, code, message, 'in_progress', state, transition_id, sort_key)
    end
  end
end
