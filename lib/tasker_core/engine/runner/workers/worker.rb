# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Executes steps of a batch on a thread of Concurrent's pool, one after another, over one
      # connection as long as no other thread waits for one.
      #
      # If it may, it writes a completion and claims its next step in one statement: the next step
      # of the batch or, in a line, the step that the completion makes ready. In a line it continues
      # with the next turn.
      class Worker
        # @param run [Run]
        # @param queue [StepQueue]
        # @param timeout [Float, nil] the seconds that a step has
        def initialize(run, queue, timeout)
          @run = run
          @queue = queue
          @timeout = timeout
        end

        # @param span [Tracing::Span, nil] the batch's span
        # @return [void]
        def start(span)
          Concurrent::Future.execute { Tracing.inside(span) { take_part } }
        end

        # @return [Boolean] whether it waits for something, instead of computing
        def asleep? = @thread&.status == 'sleep'

        private

        # The run does not end before its worker has given the session back.
        def take_part
          @run.use { work }
        ensure
          @queue.leave(self)
        end

        # A claimed step is executed in any case.
        def work
          @thread = Thread.current
          @run.connections.release
          lent while @claimed || (@queue.waiting? && !@leaves)
        rescue StandardError => e
          @run.break_off(e)
        ensure
          @thread = nil
        end

        def lent
          @run.connections.lend do
            loop { break unless execute && (@claimed || !@run.connections.wanted?) }
          end
        rescue ActiveRecord::ConnectionNotEstablished => e
          without_connection(e)
        rescue StandardError => e
          @run.break_off(e)
          execute if @claimed
        end

        # A claimed step continues without a connection as far as it can. Waiting steps are left to
        # the run's other workers; the last worker waits longer.
        def without_connection(error)
          return execute if @claimed

          @leaves = @queue.workers.size > 1
          refuse(@queue.take, error) if @queue.starved?
        end

        # @return [Boolean] whether this worker continues
        def execute
          execution = @claimed || taken
          @claimed = nil
          return false unless execution

          @queue.began(execution, self, @timeout)
          @claimed = execution.call { candidate(execution) }
          @leaves ||= !@queue.ended(execution)
          advance if @claimed && !@candidate && !@leaves
          !@leaves
        ensure
          give_back
        end

        # Returns the step that was to be claimed with the completion and was not.
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

        # A step to claim with a completion. An application's listener could cancel it in between, a
        # handler with its own sequence could change it, and a thread that waits for a connection
        # goes first.
        def candidate(execution)
          @queue.handled(execution)
          return unless claims_ahead?(execution)
          return @candidate = @queue.take if @queue.waiting?

          execution.follow if @queue.line? && @run.runs?(execution.follow)
        end

        def claims_ahead?(execution)
          return false if @queue.closed? || execution.given_up? || @run.connections.wanted?

          @run.claims_ahead?
        end

        # Ends the turn of a line and starts the next one.
        def advance
          @run.correlated do
            @queue.turn.close
            turn = Turn.new(@run, @queue.turn.number + 1)
            turn.begin([@claimed.id])
            @queue.follow(turn)
          end
        end
      end
    end
  end
end
