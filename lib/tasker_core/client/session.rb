# frozen_string_literal: true

require_relative 'failure'
require_relative '../generated/tuples'
require_relative '../native/ids'
require_relative 'numbers'
require_relative '../native/row'
require_relative 'transition'

module TaskerCore
  # One run's snapshot of a task, held in memory by the core: what can run next costs
  # no query. Claims and outcomes are one statement each, in a transaction of their
  # own; the database checks them as it writes, so a snapshot that is out of date can
  # cost a refused claim, never a step that runs twice.
  #
  #   client.transition_task!(42, to: :in_progress)
  #   client.open_session(42) do |session|
  #     until (batch = session.next).empty?
  #       batch.retry.each { |step_id| session.retry(step_id) }
  #       batch.ready.each do |step_id|
  #         next unless session.claim(step_id).allowed?
  #
  #         session.complete(step_id, results: { 'sum' => 3 })
  #       rescue SomeError => e
  #         session.fail(step_id, error: e)
  #       end
  #     end
  #     puts session.context.execution_status
  #   end
  #
  # Many threads may share a session over connections of the core's own; one over an
  # Active Record connection belongs to that connection's thread. A session belongs
  # to its process: a forked child opens its own. Where a transaction of yours around
  # these calls is rolled back, call #refresh.
  #
  # Every method raises SessionError where the session is not open here, and
  # DatabaseError where the database fails.
  class Session
    include Ids
    include Numbers

    # What can run now.
    #
    # @!attribute [r] ready
    #   @return [Array<Integer>] pending steps to claim, in ascending order
    # @!attribute [r] retry
    #   @return [Array<Integer>] failed steps whose waiting time is over; see Session#retry
    # @!attribute [r] blocked
    #   @return [Boolean] whether nothing can run and a step has failed for good
    # @!attribute [r] changed
    #   @return [Array<Integer>] as of #refresh, where the snapshot was read anew
    Next = Struct.new(:ready, :retry, :blocked, :changed) do
      # @return [Boolean] whether there is nothing to do now
      def empty? = ready.empty? && self.retry.empty?
    end

    # What became of a claim.
    #
    # @!attribute [r] code
    #   @return [String] allowed, or why not: transition_failed (the step is not pending),
    #     guard_failed (a parent is not complete), not_eligible (it waits, or has no
    #     attempts left), task_closed, conflict (another process was faster),
    #     not_claimed (beside a completion: it can be claimed by itself)
    # @!attribute [r] message
    #   @return [String] the reason in words, empty where the claim is allowed
    # @!attribute [r] token
    #   @return [Integer] the id of the claim's audit row, 0 where there is none
    # @!attribute [r] changed
    #   @return [Array<Integer>] those of the step and its parents whose row is not the
    #     one that the session knew
    # @!attribute [r] follow
    #   @return [Integer] the one step that the completion of this one makes ready while
    #     nothing else can run or is running, 0 where there is none
    Claim = Struct.new(:code, :message, :token, :changed, :follow, :sort_key) do
      # @return [Boolean] whether the step is this run's
      def allowed? = code == 'allowed'
    end

    # What became of a claimed step's outcome.
    #
    # @!attribute [r] code
    #   @return [String] allowed, or conflict where the claim no longer holds; of #settle
    #     also not_written
    # @!attribute [r] message
    #   @return [String] the reason in words, empty where it was written
    # @!attribute [r] transition_id
    #   @return [Integer] the id of the audit row, 0 where there is none
    # @!attribute [r] sort_key
    #   @return [Integer]
    # @!attribute [r] task_version
    #   @return [Integer] the version of the task's row; another one than before means
    #     that somebody has written it
    # @!attribute [r] claim
    #   @return [Claim, nil] of the step that was to be claimed beside it
    Outcome = Struct.new(*Tuples::FINISH_REPLY) do
      # @return [Boolean] whether it was written
      def written? = code == 'allowed'
    end

    # What the session was told by its last strict read, shared by its views. The garbage
    # collector watches it: a copy of a session would take its finalizer along.
    Known = Struct.new(:handle, :task_state, :step_states, :edges, :task_version)
    private_constant :Known

    # @return [Integer]
    attr_reader :task_id

    # @see Client#open_session
    def initialize(core, host, task_id, function_version, final_when_not_retryable: false)
      @core = core
      @host = host
      @task_id = task_id
      @tokens = {}
      @pid = Process.pid
      @known = Known.new
      open_in_core({ 'task_id' => task_id, 'function_version' => function_version,
                     'final_when_not_retryable' => final_when_not_retryable })
    end

    # @return [String] the task's state as the last strict read saw it
    def task_state = @known.task_state

    # @return [Integer] the version of the task's row, as the last strict read saw it; another
    #   one than before means that somebody has written it
    def task_version = @known.task_version

    # @return [Hash{Integer => String}] the steps' states, as the last strict read saw
    #   them
    def step_states = @known.step_states

    # @return [Array<Array(Integer, Integer)>] parent and child of each edge into a step
    #   of the task
    def edges = @known.edges

    # The same session for a thread with another connection.
    #
    # @param host [HostConnection]
    # @return [Session]
    def on(host) = dup.tap { |view| view.host = host }

    # What can run now. It reads nothing, except after a refusal: then the snapshot is
    # read anew first.
    #
    # @return [Next]
    def next
      ready, to_retry, stale, blocked = ask('session_next') # NextReply
      if stale
        changed = refresh
        ready, to_retry, _stale, blocked = ask('session_next') # NextReply
      end
      Next.new(ready, to_retry, blocked, changed || [])
    end

    # Claims a pending step, just before it is worked on. A refusal is an answer, not
    # an error.
    #
    # @param step_id [Integer]
    # @param now [String] the time of the audit row, see HostConnection#date
    # @param transaction [Boolean] false where the caller has one open, or needs none
    # @return [Claim]
    # @raise [NotFound] if there is no such step
    def claim(step_id, now: @host.now, transaction: true)
      code, message, token, sort_key, changed, follow = write('session_claim', step_id, now, transaction) # ClaimReply
      held(step_id, Claim.new(code, message, token, changed, follow, sort_key))
    end

    # Records that a claimed step has done its work: the audit row and, as the engine
    # writes them, attempts, last_attempted_at, in_process, processed, processed_at.
    #
    # @param step_id [Integer]
    # @param results [Hash, nil] replaces the step's results; nil leaves them
    # @return [Transition] code conflict where the claim no longer holds; nothing is
    #   written then
    def complete(step_id, results: nil)
      ended(step_id, 'complete', results.nil? ? {} : { 'results' => results.to_json })
    end

    # Records that a claimed step has failed. It can be retried once its waiting time
    # is over, while it has attempts left.
    #
    # @param step_id [Integer]
    # @param error [Exception, String]
    # @param results [Hash] what else to keep beside error, error_class and backtrace
    # @param retryable [Boolean] false where another attempt would be useless
    # @param retry_after [Numeric, ActiveSupport::Duration, nil] seconds to wait before the next attempt; nil
    #   for the waiting time that follows from the attempts
    # @return [Transition] as of #complete
    def fail(step_id, error:, results: {}, retryable: true, retry_after: nil)
      columns = { 'results' => results.merge(Failure.fields(error)).to_json }
      columns['retryable'] = 'false' unless retryable
      columns['backoff_request_seconds'] = whole_seconds(retry_after).to_s if retry_after
      ended(step_id, 'error', columns)
    end

    # Records the outcome of a claimed step with columns of the caller's own, and claims
    # another step with the same statement where that is asked.
    #
    # @param step_id [Integer]
    # @param state [String] complete or error
    # @param columns [Hash{String => String, nil}] PostgreSQL's text by column
    # @param attempt [Boolean] whether the statement counts the attempt, as of #complete
    # @param claim [Integer, nil] a step that has no audit row yet; only beside complete.
    #   Where it cannot be claimed without waiting, the outcome is written alone.
    # @param now [String] see #claim
    # @param transaction [Boolean] see #claim
    # @return [Outcome]
    def finish(step_id, state, columns: {}, attempt: false, claim: nil, now: @host.now, transaction: true)
      arguments = { 'to' => state, 'columns' => columns, 'attempt' => attempt, 'metadata' => '{}' }
      arguments['claim'] = claim if claim
      outcome(step_id, claim, write('session_finish', step_id, now, transaction, arguments))
    end

    # Finds out what became of a statement whose answer was lost, and takes it over.
    #
    # @param step_id [Integer]
    # @param state [String] in_progress for a claim, complete or error for an outcome
    # @param now [String] the time that the statement was given
    # @param claim [Integer, nil] as the statement was given it
    # @param token [Integer, nil] of the step's claim; nil for the one that the session holds
    # @return [Outcome] of a claim its transition_id is the token
    def settle(step_id, state, now:, claim: nil, token: nil)
      arguments = { 'step_id' => id(step_id), 'to' => state, 'now' => now }
      arguments['token'] = token if token
      arguments['claim'] = claim if claim
      found = outcome(step_id, claim, ask('session_settle', arguments), keep: state == 'in_progress')
      @tokens[step_id] = found.transition_id if state == 'in_progress' && found.written?
      found
    end

    # Moves a failed step back to pending, so that it can be claimed.
    #
    # @param step_id [Integer]
    # @param now [String] see #claim
    # @param transaction [Boolean] see #claim
    # @return [Transition]
    def retry(step_id, now: @host.now, transaction: true)
      Transition.new(*write('session_retry', step_id, now, transaction))
    end

    # Tells the session that a transaction around its claim or outcome was rolled back:
    # it reads anew before the next decision.
    #
    # @param step_id [Integer]
    # @param token [Integer] of the claim that holds nevertheless, 0 for none
    # @return [void]
    def rolled_back(step_id, token: @tokens.fetch(step_id, 0))
      token.zero? ? @tokens.delete(step_id) : @tokens[step_id] = token
      ask('session_rolled_back', { 'step_id' => step_id, 'token' => token })
    end

    # Reads the task anew.
    #
    # @return [Array<Integer>] the steps whose row or state the session did not know
    def refresh = show(ask('session_refresh'))

    # How the task stands, from memory.
    #
    # @return [TaskExecutionContext]
    def context = TaskExecutionContext.all(context_table).first

    # The same, as a row of a table.
    #
    # @return [Table]
    def context_row = Table.new(context_table)

    # Forgets the session. Steps that it has claimed stay in_progress.
    #
    # @return [void]
    def close
      @core.call('close_session', { 'session' => handle }, @host) if handle && @pid == Process.pid && !@core.closed?
      @known.handle = nil
      UnclosedHandles.closed(@known)
    end

    # @return [Boolean]
    def closed? = handle.nil?

    protected

    attr_writer :host

    private

    def handle = @known.handle

    def context_table = ask('session_context')

    # What nobody closed makes room where the limit is reached.
    def open_in_core(arguments)
      tries = 0
      begin
        give_back = ->(view) { @core.call('close_session', { 'session' => view[0] }) }
        @core.acquire('open_session', arguments, @host, give_back) do |view|
          show(view)
          UnclosedHandles.watch(@known, "a session on task #{@task_id}", @core.closing_of(handle))
        end
      rescue SessionError
        raise unless (tries += 1) == 1

        GC.start
        retry
      end
    end

    def show(view)
      session, task_state, step_ids, states, changed, parents, children, task_version = view # SessionReply
      @known.handle = session
      @known.task_state = task_state
      @known.step_states = step_ids.zip(states).to_h
      @known.edges = parents.zip(children)
      @known.task_version = task_version
      changed
    end

    # An id means another session in another process.
    def ask(operation, arguments = {})
      unless handle && @pid == Process.pid
        raise SessionError.new("the session of task #{@task_id} is #{handle ? "another process's" : 'closed'}; " \
                               'open one with open_session', code: 'session')
      end
      @core.call(operation, { 'session' => handle, **arguments }, @host)
    end

    # If the statement or its transaction does not end well the core must not remember
    # what was to be written: it reads anew before the next decision.
    def write(operation, step_id, now, transaction, arguments = {})
      arguments = { 'step_id' => id(step_id), 'now' => now, **arguments }
      return ask(operation, arguments) unless transaction

      token = @tokens.fetch(step_id, 0)
      begin
        @host.transaction { ask(operation, arguments) }
      rescue DatabaseError, ActiveRecordFailure
        rolled_back(step_id, token:)
        raise
      end
    end

    # What Active Record raises where a COMMIT fails; never matches without it.
    module ActiveRecordFailure
      def self.===(error) = defined?(ActiveRecord::ActiveRecordError) && error.is_a?(ActiveRecord::ActiveRecordError)
    end
    private_constant :ActiveRecordFailure

    def held(step_id, claim)
      @tokens[step_id] = claim.token if claim.allowed?
      claim
    end

    def outcome(step_id, next_id, fields, keep: false)
      code, message, transition_id, sort_key, task_version, claim = fields # FinishReply
      @tokens.delete(step_id) unless keep || code == 'not_written'
      if claim
        claim_code, token, _sort_key, changed, follow = claim # BesideReply
        claim = held(next_id, Claim.new(claim_code, '', token, changed, follow))
      end
      Outcome.new(code, message, transition_id, sort_key, task_version, claim)
    end

    def ended(step_id, state, columns)
      outcome = finish(step_id, state, columns:, attempt: true)
      Transition.new(step_id, outcome.code, outcome.message, 'in_progress', state, outcome.transition_id,
                     outcome.sort_key)
    end
  end

  # The operation of a Client that runs tasks.
  module Sessions
    # Opens a session on a task. It changes nothing in the database.
    #
    # @param task_id [Integer]
    # @yieldparam session [Session] closed after the block
    # @return [Session, Object] without a block the session, which the caller closes;
    #   with one, what the block gives
    # @raise [NotFound] if there is no such task
    # @raise [CycleError] if its steps depend on each other in a circle
    # @raise [SessionError] if max_sessions are open
    # @raise [InvalidArgument]
    def open_session(task_id)
      session = Session.new(@core, @host, id(task_id), readiness_version)
      return session unless block_given?

      begin
        yield session
      ensure
        session.close
      end
    end

    # What the core counts of its sessions since it was opened.
    #
    # @return [Hash{Symbol => Integer}] :sessions_open, :sessions_opened, :claims,
    #   :claims_refused, :steps_finished, :results_late, :strict_reads
    def session_stats = call('session_stats', {}).transform_keys(&:to_sym)
  end
end
