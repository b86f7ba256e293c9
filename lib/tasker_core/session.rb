# frozen_string_literal: true

require_relative 'failure'
require_relative 'ids'
require_relative 'row'
require_relative 'transition'

module TaskerCore
  # One run's picture of a task, held in memory by the core: what can run next costs
  # no query. Claims and outcomes are one statement each, in a transaction of their
  # own; the database checks them as it writes, so a picture that is out of date can
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

    # What can run now.
    #
    # @!attribute [r] ready
    #   @return [Array<Integer>] pending steps to claim, in ascending order
    # @!attribute [r] retry
    #   @return [Array<Integer>] failed steps whose waiting time is over; see Session#retry
    # @!attribute [r] blocked
    #   @return [Boolean] whether nothing can run and a step has failed for good
    Next = Struct.new(:ready, :retry, :blocked) do
      # @return [Boolean] whether there is nothing to do now
      def empty? = ready.empty? && self.retry.empty?
    end

    # What became of a claim.
    #
    # @!attribute [r] code
    #   @return [String] allowed, or why not: transition_failed (the step is not pending),
    #     guard_failed (a parent is not complete), not_eligible (it waits, or has no
    #     attempts left), task_closed, conflict (another process was faster)
    # @!attribute [r] message
    #   @return [String] the reason in words, empty where the claim is allowed
    # @!attribute [r] token
    #   @return [Integer] the id of the claim's audit row, 0 where there is none
    # @!attribute [r] changed
    #   @return [Array<Integer>] those of the step and its parents whose row is not the
    #     one that the session knew
    Claim = Struct.new(:code, :message, :token, :changed) do
      # @return [Boolean] whether the step is this run's
      def allowed? = code == 'allowed'
    end

    # @return [Integer]
    attr_reader :task_id

    # @return [String] the task's state as the last strict read saw it
    attr_reader :task_state

    # @return [Hash{Integer => String}] the steps' states, as the last strict read saw
    #   them
    attr_reader :step_states

    # @see Client#open_session
    def initialize(core, host, task_id, function_version)
      @core = core
      @host = host
      @task_id = task_id
      @tokens = {}
      @pid = Process.pid
      open_in_core({ 'task_id' => task_id, 'function_version' => function_version })
    end

    # What can run now. It reads nothing, except after a refusal: then the picture is
    # read anew first.
    #
    # @return [Next]
    def next
      ready, again, stale, blocked = ask('session_next')
      if stale
        refresh
        ready, again, _, blocked = ask('session_next')
      end
      Next.new(ready, again, blocked)
    end

    # Claims a pending step, just before it is worked on. A refusal is an answer, not
    # an error.
    #
    # @param step_id [Integer]
    # @return [Claim]
    # @raise [NotFound] if there is no such step
    def claim(step_id)
      code, message, token, _, changed = write('session_claim', step_id)
      @tokens[step_id] = token if code == 'allowed'
      Claim.new(code, message, token, changed)
    end

    # Records that a claimed step has done its work: the audit row and, as the engine
    # writes them, attempts, last_attempted_at, in_process, processed, processed_at.
    #
    # @param step_id [Integer]
    # @param results [Hash, nil] replaces the step's results; nil leaves them
    # @return [Transition] code conflict where the claim no longer holds; nothing is
    #   written then
    def complete(step_id, results: nil)
      finish(step_id, 'complete', results.nil? ? {} : { 'results' => results.to_json })
    end

    # Records that a claimed step has failed. It can be retried once its waiting time
    # is over, while it has attempts left.
    #
    # @param step_id [Integer]
    # @param error [Exception, String]
    # @param results [Hash] what else to keep beside error, error_class and backtrace
    # @param retryable [Boolean] false where another attempt would be useless
    # @param retry_after [Integer, nil] seconds to wait before the next attempt; nil
    #   for the waiting time that follows from the attempts
    # @return [Transition] as of #complete
    def fail(step_id, error:, results: {}, retryable: true, retry_after: nil)
      columns = { 'results' => results.merge(Failure.fields(error)).to_json }
      columns['retryable'] = 'false' unless retryable
      columns['backoff_request_seconds'] = Integer(retry_after).to_s if retry_after
      finish(step_id, 'error', columns)
    end

    # Moves a failed step back to pending, so that it can be claimed.
    #
    # @param step_id [Integer]
    # @return [Transition]
    def retry(step_id) = Transition.new(*write('session_retry', step_id))

    # Reads the task anew.
    #
    # @return [Array<Integer>] the steps whose row or state the session did not know
    def refresh = show(ask('session_refresh'))

    # How the task stands, from memory.
    #
    # @return [TaskExecutionContext]
    def context = TaskExecutionContext.all(ask('session_context')).first

    # Forgets the session. Steps that it has claimed stay in_progress.
    #
    # @return [void]
    def close
      @core.call('close_session', { 'session' => @session }, @host) if @session && @pid == Process.pid && !@core.closed?
      @session = nil
      Abandoned.closed(self)
    end

    # @return [Boolean]
    def closed? = @session.nil?

    private

    # What nobody closed makes room where the limit is reached.
    def open_in_core(arguments)
      tries = 0
      begin
        give_back = ->(view) { @core.call('close_session', { 'session' => view[0] }) }
        @core.acquire('open_session', arguments, @host, give_back) do |view|
          show(view)
          Abandoned.watch(self, "a session on task #{@task_id}", @core.closing_of(@session))
        end
      rescue SessionError
        raise unless (tries += 1) == 1

        GC.start
        retry
      end
    end

    def show(view)
      @session, @task_state, ids, states, changed = view
      @step_states = ids.zip(states).to_h
      changed
    end

    # An id means another session in another process.
    def ask(operation, arguments = {})
      unless @session && @pid == Process.pid
        raise SessionError.new("the session of task #{@task_id} is #{@session ? "another process's" : 'closed'}; " \
                               'open one with open_session', code: 'session')
      end
      @core.call(operation, { 'session' => @session, **arguments }, @host)
    end

    # If the transaction does not end well the core must not remember what was to be
    # written: it reads anew before the next decision.
    def write(operation, step_id, arguments = {})
      @host.transaction { ask(operation, { 'step_id' => id(step_id), 'now' => @host.now, **arguments }) }
    rescue DatabaseError, ActiveRecordFailure
      ask('session_rolled_back', { 'step_id' => step_id, 'token' => @tokens.fetch(step_id, 0) })
      raise
    end

    # What Active Record raises where a COMMIT fails; never matches without it.
    module ActiveRecordFailure
      def self.===(error) = defined?(ActiveRecord::ActiveRecordError) && error.is_a?(ActiveRecord::ActiveRecordError)
    end
    private_constant :ActiveRecordFailure

    def finish(step_id, state, columns)
      code, message, row_id, sort_key = write('session_finish', step_id, 'to' => state, 'columns' => columns,
                                                                         'attempt' => true, 'metadata' => '{}')
      @tokens.delete(step_id)
      Transition.new(step_id, code, message, 'in_progress', state, row_id, sort_key)
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
