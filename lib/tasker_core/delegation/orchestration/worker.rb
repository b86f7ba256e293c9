# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Executes steps of a batch on a thread of Concurrent's pool, one after the other, over
      # one connection as long as nobody else waits for one.
      #
      # It writes a completion and claims its next step with one statement where it may: the next
      # one of the batch or, in a line, the one that the completion makes ready. In a line it
      # goes on with the next turn.
      class Worker
        # @param run [Run]
        # @param queue [StepQueue]
        # @param timeout [Float, nil] seconds that a step has
        def initialize(run, queue, timeout)
          @run = run
          @queue = queue
          @timeout = timeout
        end

        # @param span [Tracing::Span, nil] the batch's
        # @return [void]
        def start(span)
          Concurrent::Future.execute { Tracing.inside(span) { @run.use { work } } }
        end

        # @return [Boolean] whether it waits for something, as opposed to computing
        def asleep? = @thread&.status == 'sleep'

        private

        def work
          @thread = Thread.current
          @run.connections.release
          lent while @claimed || @queue.waiting?
        ensure
          @thread = nil
          @queue.leave(self)
        end

        def lent
          @run.connections.lend do
            loop { break unless execute && (@claimed || !@run.connections.wanted?) }
          end
        rescue ActiveRecord::ConnectionNotEstablished => e
          refuse(@queue.take, e) unless @claimed
        end

        # @return [Boolean] whether this worker goes on
        def execute
          execution = @claimed || taken
          @claimed = nil
          return false unless execution

          @queue.began(execution, self, @timeout)
          @claimed = execution.call { candidate(execution) }
          hold = @queue.ended(execution)
          advance(@claimed) if @claimed && !@candidate
          hold
        ensure
          give_back
        end

        # The step that was to be claimed with the completion, where it was not.
        def give_back
          @queue.put_back(@candidate) if @candidate && !@claimed
          @candidate = nil
        end

        def taken
          id = @queue.take
          id && StepExecution.new(@run, id)
        rescue ActiveRecord::ActiveRecordError => e
          refuse(id, e)
        end

        # It counts as refused, so that the loop ends.
        def refuse(id, error)
          return unless id

          Rails.logger.error("TaskerCore: step #{id} was not started: #{error.message}")
          @run.refused(id)
          nil
        end

        # A step to claim with a completion. A listener of the application between the two may
        # cancel it, a handler with a sequence of its own may change it, and who waits for a
        # connection goes first.
        def candidate(execution)
          return unless claims_ahead?(execution)
          return @candidate = @queue.take if @queue.waiting?

          execution.follow if @queue.line? && @run.runs?(execution.follow)
        end

        def claims_ahead?(execution)
          !@queue.closed? && !execution.given_up? && @run.claims_ahead? && !@run.connections.wanted?
        end

        # The turn of a line ends, and the next one begins.
        def advance(following)
          @run.correlated do
            @queue.turn.close
            turn = Turn.new(@run, @queue.turn.number + 1)
            turn.begin([following.id])
            @queue.follow(turn)
          end
        end
      end
    end
  end
end
