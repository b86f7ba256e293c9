# frozen_string_literal: true

require_relative 'failure'
require_relative '../generated/tuples'
require_relative '../native/ids'
require_relative 'numbers'
require_relative '../native/row'
require_relative 'transition'

module TaskerCore
  # A snapshot of one task, which the core holds in memory for a run. Asking what can run next costs
  # no query. Each claim and each outcome is one statement in its own transaction. The database
  # checks them as it writes, so an outdated snapshot can cost a refused claim but never runs a step
  # twice.
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
  # Many threads may share a session of a client with its own connections. A session over an Active
  # Record connection belongs to that connection's thread. A session belongs to its process: a
  # forked child opens its own. If you call these methods in a transaction and roll it back, call
  # #refresh.
  #
  # Every method raises SessionError if the session is not open in this process, and DatabaseError
  # if the database fails.
  class Session
    include Ids
    include Numbers

    # The work that a session has now.
    #
    # @!attribute [r] ready
    #   @return [Array<Integer>] ids of pending steps to claim, in ascending order
    # @!attribute [r] retry
    #   @return [Array<Integer>] ids of failed steps whose backoff is over; see Session#retry
    # @!attribute [r] blocked
    #   @return [Boolean] whether nothing can run and a step has failed permanently
    # @!attribute [r] changed
    #   @return [Array<Integer>] ids of changed steps, as #refresh returns them, if the snapshot was
    #     read again
    Next = Struct.new(:ready, :retry, :blocked, :changed) do
      # @return [Boolean] whether there is nothing to do now
      def empty? = ready.empty? && self.retry.empty?
    end

    # The result of a claim.
    #
    # @!attribute [r] code
    #   @return [String] "allowed", or the reason for the refusal: "transition_failed" (the step is
    #     not pending), "guard_failed" (a parent is not complete), "not_eligible" (it is in backoff
    #     or has no attempts left), "task_closed", "conflict" (another process was faster),
    #     "not_claimed" (it was to be claimed with a completion, and must be claimed separately)
    # @!attribute [r] message
    #   @return [String] the reason in words; empty if the claim is allowed
    # @!attribute [r] token
    #   @return [Integer] the id of the claim's audit row; 0 if there is none
    # @!attribute [r] changed
    #   @return [Array<Integer>] ids of the step and of its parents whose rows differ from those
    #     that the session knew
    # @!attribute [r] follow
    #   @return [Integer] the id of the only step that becomes ready when this one completes, if
    #     nothing else can run or is running; otherwise 0
    Claim = Struct.new(:code, :message, :token, :changed, :follow, :sort_key) do
      # @return [Boolean] whether this run may execute the step
      def allowed? = code == 'allowed'
    end

    # The result of writing the outcome of a claimed step.
    #
    # @!attribute [r] code
    #   @return [String] "allowed", or "conflict" if the claim no longer holds; #settle can also
    #     return "not_written"
    # @!attribute [r] message
    #   @return [String] the reason in words; empty if the outcome was written
    # @!attribute [r] transition_id
    #   @return [Integer] the id of the audit row; 0 if there is none
    # @!attribute [r] sort_key
    #   @return [Integer] the sort_key of the audit row
    # @!attribute [r] task_version
    #   @return [Integer] the version of the task's row; it changes when another process writes the row
    # @!attribute [r] claim
    #   @return [Claim, nil] the claim of the next step, if one was requested
    Outcome = Struct.new(*Tuples::FINISH_REPLY) do
      # @return [Boolean] whether the outcome was written
      def written? = code == 'allowed'
    end

    # The answer of the last strict read, shared by the session's views. The garbage collector
    # watches it: a copy of a session would take its finalizer along.
    #
    # @api private
    Known = Struct.new(:handle, :task_state, :step_states, :edges, :task_version)
    private_constant :Known

    # @return [Integer] the id of the task
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

    # @return [String] the task's state at the last strict read
    def task_state = @known.task_state

    # @return [Integer] the version of the task's row at the last strict read; it changes when
    #   another process writes the row
    def task_version = @known.task_version

    # @return [Hash{Integer => String}] the state of each step at the last strict read
    def step_states = @known.step_states

    # @return [Array<Array(Integer, Integer)>] the ids of parent and child, for each edge into a
    #   step of the task
    def edges = @known.edges

    # Returns the same session for a thread with another connection.
    #
    # @param host [HostConnection]
    # @return [Session]
    def on(host) = dup.tap { |view| view.host = host }

    # Tells what can run now. It reads from memory. Only after a refusal it reads the snapshot again
    # first.
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

    # Claims a pending step. Call it just before the work begins. A refusal is an answer, not an
    # error.
    #
    # @param step_id [Integer]
    # @param now [String] the time of the audit row; see HostConnection#date
    # @param transaction [Boolean] false if the caller has an open transaction, or needs none
    # @return [Claim]
    # @raise [NotFound] if the step does not exist
    def claim(step_id, now: @host.now, transaction: true)
      code, message, token, sort_key, changed, follow = write('session_claim', step_id, now, transaction) # ClaimReply
      held(step_id, Claim.new(code, message, token, changed, follow, sort_key))
    end

    # Records that a claimed step is complete. It writes the audit row and the columns that the
    # engine writes: attempts, last_attempted_at, in_process, processed and processed_at.
    #
    # @param step_id [Integer]
    # @param results [Hash, nil] replaces the step's results; nil leaves them
    # @return [Transition] with the code "conflict" if the claim no longer holds; nothing was
    #   written then
    def complete(step_id, results: nil)
      ended(step_id, 'complete', results.nil? ? {} : { 'results' => results.to_json })
    end

    # Records that a claimed step has failed. It can be retried when its backoff is over, as long as
    # it has attempts left.
    #
    # @param step_id [Integer]
    # @param error [Exception, String]
    # @param results [Hash] more results to store beside error, error_class and backtrace
    # @param retryable [Boolean] false if another attempt would be useless
    # @param retry_after [Numeric, ActiveSupport::Duration, nil] seconds to wait before the next
    #   attempt; nil for the engine's backoff
    # @return [Transition] as for #complete
    def fail(step_id, error:, results: {}, retryable: true, retry_after: nil)
      columns = { 'results' => results.merge(Failure.fields(error)).to_json }
      columns['retryable'] = 'false' unless retryable
      columns['backoff_request_seconds'] = whole_seconds(retry_after).to_s if retry_after
      ended(step_id, 'error', columns)
    end

    # Records the outcome of a claimed step with the caller's own column values. The same statement
    # can claim another step.
    #
    # @param step_id [Integer]
    # @param state [String] "complete" or "error"
    # @param columns [Hash{String => String, nil}] values in PostgreSQL's text form by column
    # @param attempt [Boolean] whether the statement counts the attempt, as #complete does
    # @param claim [Integer, nil] the id of a step without an audit row to claim as well, only with
    #   "complete". If it cannot be claimed without waiting, only the outcome is written.
    # @param now [String] see #claim
    # @param transaction [Boolean] see #claim
    # @return [Outcome]
    def finish(step_id, state, columns: {}, attempt: false, claim: nil, now: @host.now, transaction: true)
      arguments = { 'to' => state, 'columns' => columns, 'attempt' => attempt, 'metadata' => '{}' }
      arguments['claim'] = claim if claim
      outcome(step_id, claim, write('session_finish', step_id, now, transaction, arguments))
    end

    # Finds out whether a statement whose answer was lost was executed, and takes over its result.
    #
    # @param step_id [Integer]
    # @param state [String] "in_progress" for a claim, "complete" or "error" for an outcome
    # @param now [String] the time that was passed to the statement
    # @param claim [Integer, nil] the claim that was passed to the statement
    # @param token [Integer, nil] the token of the step's claim; nil for the session's own
    # @return [Outcome] for a claim, its transition_id is the token
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

    # Tells the session that a transaction around its claim or outcome was rolled back. It reads the
    # snapshot again before its next decision.
    #
    # @param step_id [Integer]
    # @param token [Integer] the token of the claim that still holds; 0 for none
    # @return [void]
    def rolled_back(step_id, token: @tokens.fetch(step_id, 0))
      token.zero? ? @tokens.delete(step_id) : @tokens[step_id] = token
      ask('session_rolled_back', { 'step_id' => step_id, 'token' => token })
    end

    # Reads the task again.
    #
    # @return [Array<Integer>] ids of the steps whose row or state has changed
    def refresh = show(ask('session_refresh'))

    # Describes the task's progress from memory.
    #
    # @return [TaskExecutionContext]
    def context = TaskExecutionContext.all(context_table).first

    # Gives the same as a row of a table.
    #
    # @return [Table]
    def context_row = Table.new(context_table)

    # Closes the session and frees its memory. Steps that it has claimed stay in_progress.
    #
    # @return [void]
    def close
      @core.call('close_session', { 'session' => handle }, @host) if handle && @pid == Process.pid && !@core.closed?
      @known.handle = nil
      UnclosedHandles.closed(@known)
    end

    # @return [Boolean] whether the session is closed
    def closed? = handle.nil?

    protected

    attr_writer :host

    private

    def handle = @known.handle

    def context_table = ask('session_context')

    # Sessions that were dropped without being closed make room when the limit is reached.
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

    # In another process the same id means another session.
    def ask(operation, arguments = {})
      unless handle && @pid == Process.pid
        raise SessionError.new("the session of task #{@task_id} is #{handle ? "another process's" : 'closed'}; " \
                               'open one with open_session', code: 'session')
      end
      @core.call(operation, { 'session' => handle, **arguments }, @host)
    end

    # If the statement or its transaction fails, the core must not assume that the values were
    # written: it reads them again before its next decision.
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

    # The errors that Active Record raises when a COMMIT fails. It matches nothing if Active Record
    # is not loaded.
    #
    # @api private
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

  # The client's operations that open sessions.
  module Sessions
    # Opens a session on a task. It changes nothing in the database.
    #
    # @param task_id [Integer]
    # @yieldparam session [Session] closed after the block
    # @return [Session, Object] without a block, the session, which the caller closes; with a block,
    #   its value
    # @raise [NotFound] if the task does not exist
    # @raise [CycleError] if the dependencies form a cycle
    # @raise [SessionError] if max_sessions sessions are open
    # @raise [InvalidArgument] if the id is not an integer
    def open_session(task_id)
      session = Session.new(@core, @host, id(task_id), readiness_version)
      return session unless block_given?

      begin
        yield session
      ensure
        session.close
      end
    end

    # Counts the work of the core's sessions since the core was opened.
    #
    # @return [Hash{Symbol => Integer}] :sessions_open, :sessions_opened, :claims, :claims_refused,
    #   :steps_finished, :results_late, :strict_reads
    def session_stats = call('session_stats', {}).transform_keys(&:to_sym)
  end
end
