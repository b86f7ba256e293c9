# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # One write of a step's state, with retries. After a transient failure of the database it is
      # written again. If its answer was lost, the database is asked whether it was executed. If the
      # core was lost, the engine writes it.
      #
      # The outcome of a handler is retried as long as DatabaseRetry lasts, and so is a statement
      # that was sent and may have been executed. A claim that waits for a lock is given up after a
      # few attempts, because no work has been done yet.
      class StepWrite
        # The number of attempts for a claim that fails.
        ATTEMPTS = 4

        # @return [String] the state that the step gets
        attr_reader :state

        # @return [String, nil] the previous state in the state machine's event
        attr_reader :from_state

        # @return [Time] the time of the audit row, in whole microseconds
        attr_reader :now

        # @return [Integer, nil] the step that was to be claimed with it
        attr_reader :claim

        # @return [Integer, nil] the step that this attempt claims with it
        attr_reader :claims

        # @return [StepChanges, nil]
        attr_reader :changes

        # @param execution [StepExecution]
        # @param state [String]
        # @param changes [StepChanges, nil] the changes of a completion or a failure
        # @param claim [Integer, nil] a step to claim with a completion
        # @param from_state [String, nil]
        # @yieldparam session [Session] on the connection of this thread
        # @yieldparam times [Hash] the argument now
        # @yieldparam columns [Hash] the arguments of a completion or a failure
        # @yieldreturn [Session::Claim, Session::Outcome, Transition]
        def initialize(execution, state, changes: nil, claim: nil, from_state: nil, &statement)
          @execution = execution
          @run = execution.run
          @state = state
          @changes = changes
          @claim = @claims = claim
          @from_state = from_state
          @now = changes&.now || Time.now.utc.floor(6)
          @statement = statement
          @tries = 0
        end

        # @return [Boolean] whether the state machine's callbacks, which publish its event,
        #   have run
        def announced? = @announced ? true : false

        # @return [Boolean] whether it shares its transaction with the state machine's callbacks
        def shared? = @shared ? true : false

        # Records that the engine's own transition has published its event.
        #
        # @return [void]
        def announced_by_engine = @announced = true

        # @return [Session::Claim, Session::Outcome, Transition] the answer of an allowed write
        # @raise [StepWriter::Refused]
        # @raise [ActiveRecord::ActiveRecordError] the database's error
        def call
          answer = nil
          answer = try until answer
          answer
        end

        private

        # Raised when the application's own code fails while the step's columns are collected.
        class Foreign < StandardError; end
        private_constant :Foreign

        # @return [Object, nil] nil if it has to be tried again
        def try
          @tries += 1
          @run.lost? ? by_engine : by_core
        rescue NotFound, ConflictError => e
          raise StepWriter::Refused, e.message
        rescue Foreign => e
          raise e.cause
        rescue DatabaseError, ActiveRecord::ActiveRecordError => e
          again(e.is_a?(DatabaseError) ? e.cause || e : e)
        end

        def by_core
          connection = ::Tasker::ApplicationRecord.connection
          @host = HostConnection.new(connection)
          @answered = false
          @shared = SharedTransaction.needed?(self, connection, @run)
          @shared ? in_transaction : by_itself
        rescue CoreLoss::Fault => e
          @sent ||= @host.used?
          @run.lost(e.cause)
          by_engine
        end

        def by_engine = EngineWriter.new(@execution).settle(self, sent: @sent || false)

        def by_itself
          answer = statement(@host, standard: true)
          answer.code == 'allowed' ? answer : refused(answer.message)
        end

        def in_transaction
          answer = nil
          machine = @execution.step.state_machine
          write = States::TransitionWrite.new(machine, @state, {}, from_state: @from_state, moment: @now) do |host, _|
            @host = host
            answer = statement(host)
            @answered = true
            Transition.new(@execution.id, answer.code, answer.message, before, @state, *row_of(answer))
          end
          write.call { raise CoreLoss::Fault }
          @announced = true
          answer
        rescue Statesman::TransitionFailedError, Statesman::GuardFailedError, Statesman::TransitionConflictError => e
          @run.rolled_back(@execution.id, @execution.token)
          refused(e.message)
        rescue StandardError
          @run.rolled_back(@execution.id, @execution.token)
          raise
        end

        def statement(host, standard: false)
          columns = @changes ? { **foreign { @changes.arguments(host, standard:) }, claim: @claims } : {}
          CoreLoss.noticed { @statement.call(@run.session.on(host), { now: host.date(@now) }, columns) }
        end

        # Separates errors of the application's code from the core's.
        def foreign
          yield
        rescue StandardError
          raise Foreign
        end

        def before = { 'in_progress' => 'pending', 'pending' => 'error' }.fetch(@state, 'in_progress')

        def row_of(answer)
          answer.is_a?(Session::Claim) ? [answer.token, answer.sort_key] : [answer.transition_id, answer.sort_key]
        end

        # If an earlier attempt was lost, a refusal may come from that attempt.
        def refused(message)
          (settled if @sent) || raise(StepWriter::Refused, message)
        end

        # The caller has to repeat its own transaction.
        def again(error)
          @claims = nil
          reason = TransientFailure.of(error)
          raise error if reason.nil? || DatabaseRetry.transaction_open?

          found = lost_answer if reason == :connection
          return found if found

          raise error unless patient?(reason)
        end

        def patient?(reason)
          return false if reason == :passing && !@changes && @tries >= ATTEMPTS

          (@retries ||= DatabaseRetry.new).wait
        end

        # @return [Object, nil] the lost answer; nil if nothing was written, or if the database
        #   cannot be asked yet
        def lost_answer
          @sent ||= @host&.used?
          settled if @sent
        rescue DatabaseError, ActiveRecord::ActiveRecordError
          nil
        end

        # Finds out whether a write whose answer was lost was executed. Whether a failed step is
        # pending again is left to the next strict read.
        #
        # @return [Session::Claim, Session::Outcome, nil] nil if it was not written
        # @raise [StepWriter::Refused] if another process changed the step
        def settled
          return if @state == 'pending'

          session = @run.session.on(HostConnection.new(::Tasker::ApplicationRecord.connection))
          now = @host.date(@now)
          found = CoreLoss.noticed { session.settle(@execution.id, @state, now:, claim: @claim, token:) }
          return if found.code == 'not_written'
          raise StepWriter::Refused, found.message unless found.written?

          @announced = @answered
          @state == 'in_progress' ? claim_of(found) : found
        rescue CoreLoss::Fault => e
          @run.lost(e.cause)
          nil
        end

        def token = @execution.claimed? ? @execution.token : nil

        def claim_of(found)
          Session::Claim.new(found.code, found.message, found.transition_id, [@execution.id], 0, found.sort_key)
        end
      end
    end
  end
end
