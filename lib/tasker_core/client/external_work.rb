# frozen_string_literal: true

require 'json'
require_relative 'failure'
require_relative '../native/nearest'
require_relative 'numbers'
require_relative '../native/row'
require_relative '../native/table'
require_relative 'transition'

module TaskerCore
  # A step that a worker outside of the workflow's own process has claimed, with what
  # its handler reads.
  #
  # @!attribute [r] handler
  #   @return [Hash{Symbol => String}] the handler, as it was given
  # @!attribute [r] version
  #   @return [String] of the task's template
  # @!attribute [r] token
  #   @return [Integer] the id of the claim's audit row
  # @!attribute [r] attempts
  #   @return [Integer] how often the step was tried before
  # @!attribute [r] context
  #   @return [Object] of the task
  # @!attribute [r] results
  #   @return [Object] what the last attempt left
  # @!attribute [r] parents
  #   @return [Hash{String => Object}] the results of the step's parents by name
  ClaimedStep = Struct.new(*ClaimedRow.attributes)

  # The operations of a Client that execute steps for a workflow that somebody else
  # drives: those whose template names an executor outside of Rails.
  #
  #   handlers = [{ task: 'etl', step: 'clean' }]
  #   client.claim_ready_steps(handlers, limit: 4).each do |step|
  #     client.complete_claim(step, results: clean(step.parents))
  #   rescue SomeError => e
  #     client.fail_claim(step, error: e)
  #   end
  #
  # The rows written are those of a run in Rails, whose listener is told when a step
  # has ended (docs/WORKER.md).
  module ExternalWork
    include Numbers

    # What a claimed step has as JSON, and how deep each may be nested: that of the parents
    # holds their results by name.
    DOCUMENTS = { 'context' => 100, 'inputs' => 100, 'results' => 100, 'parents' => 101 }.freeze
    HANDLER = %i[namespace task version step].freeze
    private_constant :DOCUMENTS, :HANDLER

    # A document of a step is not one that Ruby's JSON reads.
    class UnreadableDocument < StandardError; end

    # Finds steps that can run, oldest first, and claims them. A failed step whose
    # waiting time is over goes back to pending first. Workers that ask at the same
    # time get different steps. A step whose documents cannot be read (nested more than
    # 100 levels deep) fails for good, with the reason in its results, and is not among
    # the steps.
    #
    # @param handlers [Array<Hash>] with task and step, and if need be namespace
    #   ('default') and version (any)
    # @param limit [Integer] 1 to 1000
    # @param start_tasks [Boolean] also set their pending tasks in_progress, where
    #   nobody else runs them
    # @return [Array<ClaimedStep>]
    # @raise [InvalidArgument] for a handler without a task or a step
    # @raise [ConflictError] if another process wrote to one of the steps at the same
    #   time; then none was claimed
    def claim_ready_steps(handlers, limit: 1, start_tasks: false)
      names = handler_list(handlers)
      loop do
        claimed = ClaimedRow.all(written('claim_ready_steps', 'handlers' => names, 'limit' => limit,
                                                              'start_tasks' => start_tasks, **rules))
        steps = claimed.filter_map { |row| claimed_step(row, handlers) }
        return steps if steps.any? || claimed.empty?
      end
    end

    # Records that a claimed step has done its work.
    #
    # @param step [ClaimedStep]
    # @param results [Object] what JSON can say
    # @return [Transition] code conflict where the claim no longer holds; nothing is
    #   written then
    def complete_claim(step, results: {}) = finish_claim(step, 'complete', 'results' => JSON.generate(results))

    # Records that a claimed step has failed. It can be retried once its waiting time
    # is over, while it has attempts left.
    #
    # @param step [ClaimedStep]
    # @param error [Exception, String]
    # @param retryable [Boolean] false where another attempt would be useless
    # @param retry_after [Numeric, ActiveSupport::Duration, nil] seconds to wait before the next attempt; nil for
    #   the waiting time that follows from the attempts
    # @return [Transition] as of #complete_claim
    def fail_claim(step, error:, retryable: true, retry_after: nil)
      before = step.results.is_a?(Hash) ? step.results : {}
      finish_claim(step, 'error', 'results' => JSON.generate(before.merge(Failure.fields(error))),
                                  'retryable' => retryable, 'retry_after' => retry_after && whole_seconds(retry_after))
    end

    # Tells that the worker is alive: its steps do not count as stuck.
    #
    # @param steps [Array<ClaimedStep>]
    # @param stopping [Boolean] also tell handlers that ask (#claim_state) that the worker
    #   is to end
    # @return [Array<ClaimedStep>] those that it still holds; results of the others would
    #   be refused
    def renew_claims(steps, stopping: false)
      held = written('renew_claims', 'tokens' => steps.map(&:token), 'stopping' => stopping)
      steps.select { |step| held.include?(step.token) }
    end

    # Asks whether a handler may be executed now, where something between the worker and
    # the handler (a queue, a cluster) may deliver a step twice: one runner begins it.
    #
    # @param step [ClaimedStep]
    # @param runner [String] who executes the handler, unlike all others
    # @return [String] begun: go on; taken: another runner has begun; lost: the claim no
    #   longer holds
    # @raise [InvalidArgument] for an empty runner
    def begin_claim(step, runner:)
      @host.transaction { call('begin_claim', 'token' => step.token, 'runner' => runner) }
    end

    # How a claim stands; nothing is changed.
    #
    # @param step [ClaimedStep]
    # @return [String] held; stopping: held by a worker that is to end; lost: a result
    #   would be refused
    def claim_state(step) = call('claim_state', 'token' => step.token)

    # Closes a task that nobody else runs once there is nothing left to do: complete, or
    # error where a step has failed for good.
    #
    # @param task_id [Integer]
    # @return [String] the task's state
    # @raise [NotFound] if there is no such task
    def finalize_task(task_id) = written('finalize_task', 'task_id' => id(task_id), **rules)

    # Waits until steps may be ready, or have ended elsewhere; needs connections of the
    # core's own, one of which goes on listening.
    #
    # @param timeout [Numeric] seconds, up to an hour
    # @return [Boolean] false where nothing was heard
    # @raise [InvalidArgument]
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
        raise InvalidArgument.new("#{handler.inspect} is no handler; it must be a Hash with :task and :step, " \
                                  'and may have :namespace and :version', code: 'invalid_argument')
      end
      Nearest.demand('part of a handler', handler.keys, HANDLER)

      [handler.fetch(:namespace, 'default'), handler[:task], handler[:version] || '', handler[:step]]
    end

    def written(operation, arguments)
      @host.transaction { call(operation, { 'now' => @host.now, **arguments }) }
    end

    # Each step is read on its own: the claims of all are committed.
    #
    # @return [ClaimedStep, nil] nil for one that cannot be read
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

    # The others are claimed, and their caller's, whatever becomes of this one.
    def fail_unreadable(step, error)
      fail_claim(step, error:, retryable: false)
      nil
    rescue Error => e
      Reporting.report(Report.new(kind: :step_stays_claimed, capability: :core, operation: 'claim_ready_steps',
                                  details: { error: e },
                                  message: "step #{step.workflow_step_id} stays claimed: #{error.message}, and that " \
                                           "could not be written: #{e.message}"))
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
