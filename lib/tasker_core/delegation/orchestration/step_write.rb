# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # One write of a step's state, carried through: where the database could not take it for
      # a reason that passes it is written again, where its answer was lost the database is
      # asked what became of it, and where the core was lost the engine's way is taken.
      class StepWrite
        # How long a write is tried, in seconds: work that was done is worth a server's restart.
        PATIENCE = 30

        # How long to wait before the first repetition, in seconds; twice as long before each
        # further one, up to the longest.
        PAUSE = 0.02
        LONGEST_PAUSE = 1.0
        private_constant :PAUSE, :LONGEST_PAUSE

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
          @lost = []
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

          @deadline = monotonic + PATIENCE
          pause = PAUSE
          until (answer = try)
            sleep(pause * rand(0.5..1.0))
            pause = [pause * 2, LONGEST_PAUSE].min
          end
          answer
        end

        private

        # What the application's own code raised while a step's row was put together.
        class Foreign < StandardError; end
        private_constant :Foreign

        # @return [Object, nil] nil where it is to be tried again
        def try
          connection = ::Tasker::ApplicationRecord.connection
          @within = connection.transaction_open?
          @host = HostConnection.new(connection)
          allowed(SharedTransaction.needed?(self, connection, @run) ? in_transaction : by_itself)
        rescue StepWriter::Refused
          written_after_all || raise
        rescue CoreLoss::Fault => e
          @run.lost(e.cause)
          EngineWriter.new(@execution).settle(self, sent: @host.used?)
        rescue NotFound, ConflictError => e
          raise StepWriter::Refused, e.message
        rescue Foreign => e
          raise e.cause
        rescue DatabaseError, ActiveRecord::ActiveRecordError => e
          again(e.is_a?(DatabaseError) ? e.cause || e : e)
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
        def again(error)
          reason = TransientFailure.of(error)
          raise error if reason.nil? || @within

          if reason == :connection
            @lost << [@now, @claim]
            found = settled(@now, @claim)
            return found if found
          end
          @claim = nil
          raise error if monotonic > @deadline
        end

        # A server may still have been at work on a statement when it was asked what became of
        # it: then the repetition is refused.
        def written_after_all
          @lost.each do |now, claim|
            found = settled(now, claim)
            return found if found
          end
          nil
        end

        # What became of a write whose answer was lost; nil where it was not written, or where
        # the database cannot be asked yet.
        def settled(now, claim)
          host = HostConnection.new(::Tasker::ApplicationRecord.connection)
          token = @execution.token if @execution.claimed?
          outcome = @run.session.on(host).settle(@execution.id, @state, now: host.date(now), claim:, token:)
          return unless outcome.code == 'allowed'
          return outcome unless @state == 'in_progress'

          Session::Claim.new(outcome.code, outcome.message, outcome.transition_id, [@execution.id], 0)
        rescue DatabaseError, ActiveRecord::ActiveRecordError
          nil
        end

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end
