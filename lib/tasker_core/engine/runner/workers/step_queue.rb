# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The steps of a batch, shared by its workers and by the thread that watches them.
      class StepQueue
        # The step that a worker executes, and its deadline.
        Running = Struct.new(:worker, :due)
        private_constant :Running

        # The number of consecutive waits for a connection that may fail.
        MOST_STARVED = 5
        private_constant :MOST_STARVED

        # @return [Turn] the turn whose steps are executed
        attr_reader :turn

        # @return [Integer] the number of ended executions
        attr_reader :ended_so_far

        # @param run [Run]
        # @param turn [Turn]
        def initialize(run, turn)
          @run = run
          @turn = turn
          @waiting = turn.ids.dup
          @running = {}
          @workers = []
          @abandoned = []
          @ended_so_far = 0
          @starved = 0
          @mutex = Mutex.new
          @changed = ConditionVariable.new
        end

        # @return [Integer] the number of waiting steps
        def size = @waiting.size

        # @return [Boolean] whether a step waits to be started
        def waiting? = !@waiting.empty? && !closed?

        # @return [Boolean] whether the turn has one step, so that its worker may start the next
        #   turn
        def line? = @turn.ids.size == 1

        # @return [Array<Worker>]
        def workers = @mutex.synchronize { @workers.dup }

        # @param worker [Worker]
        # @return [Worker]
        def join(worker)
          @mutex.synchronize { @workers << worker }
          worker
        end

        # Removes a worker that ends.
        #
        # @return [void]
        def leave(worker)
          @mutex.synchronize do
            @workers.delete(worker)
            left = @running.select { |_, running| running.worker.equal?(worker) }.keys
            @abandoned.concat(left.each { |execution| @running.delete(execution) })
            @changed.signal
          end
        end

        # @return [Integer, nil] the next step to execute
        def take = @mutex.synchronize { @waiting.shift unless closed? }

        # Returns a step that was not executed.
        #
        # @param id [Integer]
        # @return [void]
        def put_back(id) = @mutex.synchronize { @waiting.unshift(id) }

        # @param seconds [Float, nil] the time until its deadline; nil for none
        # @return [void]
        def began(execution, worker, seconds)
          @mutex.synchronize do
            @starved = 0
            @running[execution] = Running.new(worker, seconds && (monotonic + seconds))
          end
        end

        # Records that an execution's handler has returned, so its deadline no longer applies.
        #
        # @return [void]
        def handled(execution) = @mutex.synchronize { @running[execution]&.due = nil }

        # Records that a worker did not get a connection.
        #
        # @return [Boolean] whether nothing of the batch is executing and this happens too often
        def starved? = @mutex.synchronize { @running.empty? && (@starved += 1) > MOST_STARVED }

        # @return [Boolean] false if the execution was given up meanwhile
        def ended(execution)
          @mutex.synchronize do
            @ended_so_far += 1
            next false unless @running.delete(execution)

            @turn.executed(execution.id, execution.result)
            true
          end
        end

        # @param turn [Turn] the next turn, which the worker of a line has started
        # @return [void]
        def follow(turn) = @mutex.synchronize { @turn = turn }

        # Takes executions from their workers if their deadline has passed or their worker has died.
        #
        # @return [Array(Array<StepExecution>, Array<StepExecution>)]
        def give_up
          @mutex.synchronize do
            now = monotonic
            late = @running.select { |_, running| running.due && running.due < now }
            late.each do |execution, running|
              @running.delete(execution)
              @workers.delete(running.worker)
              execution.give_up
            end
            [late.keys, @abandoned.slice!(0..)]
          end
        end

        # Writes the executing steps as failed because the process ends.
        #
        # @return [void]
        def process_ends
          stop
          running = @mutex.synchronize { @running.keys.tap { @running.clear } }
          running.each(&:give_up)
          running.each { |execution| AbandonedStep.new(@run, execution).process_ended }
        end

        # @return [Float, nil] seconds until the first deadline
        def due_in
          due = @mutex.synchronize { @running.each_value.filter_map(&:due).min }
          due && [due - monotonic, 0.001].max
        end

        # Waits until a worker ends.
        #
        # @param seconds [Float, nil] the longest wait
        # @return [void]
        def wait(seconds)
          @mutex.synchronize { @changed.wait(@mutex, seconds) unless done? }
        end

        # @return [Boolean] whether all steps that can be executed were executed
        def over? = @mutex.synchronize { done? }

        # Lets each worker end after its current step.
        #
        # @return [void]
        def stop = @mutex.synchronize { @stopped = true }

        # @return [Boolean] whether no further step may be started
        def closed? = @stopped || @run.lost? || @run.broken ? true : false

        private

        def done?
          @workers.empty? && @running.empty? && @abandoned.empty? && (@waiting.empty? || closed?)
        end

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end
