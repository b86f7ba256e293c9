# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # One write of a step's state, carried through: where the database could not take it for
      # a reason that passes it is written again, where its answer was lost the database is
      # asked what became of it, and where the core was lost the engine's way is taken.
      class StepWrite
        # How often a write is tried.
        ATTEMPTS = 4

        # How long to wait before the first repetition over a new connection, in seconds; three
        # times as long before each further one.
        PAUSE = 0.05

        # @return [String] the state that the step gets
        attr_reader :state

        # @return [String, nil] the state before, as the state machine's event has it
        attr_reader :from_state

        # @return [Time] the time of the audit row, in whole microseconds
        attr_reader :now

        # @return [Integer, nil] the step that is claimed with it
        attr_reader :claim

        # @return [StepChanges, nil]
        attr_reader :changes

        # @param execution [StepExecution]
        # @param state [String]
        # @param changes [StepChanges, nil] of a completion or a failure
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
          @claim = claim
          @from_state = from_state
          @now = changes&.now || Time.now.utc.floor(6)
          @statement = statement
        end

        # @return [Boolean] whether the state machine's callbacks, which publish its event,
        #   have run
        def announced? = @announced ? true : false

        # Notes that the engine's own transition has published its event.
        #
        # @return [void]
        def announced_by_engine = @announced = true

        # @return [Session::Claim, Session::Outcome, Transition] of a write that was allowed
        # @raise [StepWriter::Refused]
        # @raise [ActiveRecord::ActiveRecordError] what the database says to it
        def call
          return EngineWriter.new(@execution).finish(self) if @run.lost? && @changes

          (1..ATTEMPTS).each do |attempt|
            answer = try(attempt)
            return answer if answer
          end
        end

        private

        # What the application's own code raised while a step's row was put together.
        class Foreign < StandardError; end
        private_constant :Foreign

        # @return [Object, nil] nil where it is to be tried again
        def try(attempt)
          connection = ::Tasker::ApplicationRecord.connection
          @within = connection.transaction_open?
          @host = HostConnection.new(connection)
          allowed(SharedTransaction.needed?(self, connection, @run) ? in_transaction : by_itself)
        rescue CoreLoss::Fault => e
          @run.lost(e.cause)
          EngineWriter.new(@execution).settle(self, sent: @host.used?)
        rescue NotFound, ConflictError => e
          raise StepWriter::Refused, e.message
        rescue Foreign => e
          raise e.cause
        rescue DatabaseError, ActiveRecord::ActiveRecordError => e
          again(e.is_a?(DatabaseError) ? e.cause || e : e, attempt)
        end

        def by_itself = statement(@host, @now, standard: true)

        def in_transaction
          answer = nil
          machine = @execution.step.state_machine
          write = StateTransitions::Write.new(machine, @state, {}, from_state: @from_state) do |host, moment|
            @host = host
            @now = moment
            answer = statement(host, moment)
            Transition.new(@execution.id, answer.code, answer.message, before, @state, *row_of(answer))
          end
          write.call { raise CoreLoss::Fault }
          @announced = true
          answer
        rescue Statesman::TransitionFailedError, Statesman::GuardFailedError, Statesman::TransitionConflictError => e
          @run.rolled_back(@execution.id, @execution.token)
          raise StepWriter::Refused, e.message
        rescue StandardError
          @run.rolled_back(@execution.id, @execution.token)
          raise
        end

        def statement(host, moment, standard: false)
          columns = @changes ? { **foreign { @changes.arguments(host, standard:) }, claim: @claim } : {}
          CoreLoss.noticed { @statement.call(@run.session.on(host), { now: host.date(moment) }, columns) }
        end

        # Keeps errors of the application's code apart from the core's.
        def foreign
          yield
        rescue StandardError
          raise Foreign
        end

        def before = { 'in_progress' => 'pending', 'pending' => 'error' }.fetch(@state, 'in_progress')

        def row_of(answer)
          answer.is_a?(Session::Claim) ? [answer.token, answer.sort_key] : [answer.transition_id, answer.sort_key]
        end

        def allowed(answer)
          raise StepWriter::Refused, answer.message unless answer.code == 'allowed'

          answer
        end

        # A transaction of the caller's is the caller's to repeat.
        def again(error, attempt)
          reason = TransientFailure.of(error)
          raise error if reason.nil? || @within

          found = settled if reason == :connection
          return found if found
          raise error if attempt == ATTEMPTS

          @claim = nil
          sleep(PAUSE * (3**(attempt - 1))) if reason == :connection
          nil
        end

        # What became of a write whose answer was lost; nil where it was not written, or where
        # the database cannot be asked yet.
        def settled
          host = HostConnection.new(::Tasker::ApplicationRecord.connection)
          outcome = @run.session.on(host).settle(@execution.id, @state, now: host.date(@now), claim: @claim)
          return if outcome.code == 'not_written'
          return allowed(outcome) unless @state == 'in_progress'

          allowed(Session::Claim.new(outcome.code, outcome.message, outcome.transition_id, [@execution.id], 0))
        rescue DatabaseError, ActiveRecord::ActiveRecordError
          nil
        end
      end
    end
  end
end
