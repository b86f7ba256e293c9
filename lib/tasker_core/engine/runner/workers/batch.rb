# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Executes the steps of a turn. The driving thread holds no connection and watches the
      # deadlines. Each worker executes one step after another.
      #
      # A batch starts with one worker. If steps wait for I/O, the number of workers doubles each
      # time; steps that only compute would just wait for the interpreter's lock.
      class Batch
        # The time without an ended step after which more workers are started, in seconds.
        PATIENCE = 0.004

        # @param run [Run]
        # @param turn [Turn]
        def initialize(run, turn)
          @run = run
          @queue = StepQueue.new(run, turn)
        end

        # @return [Turn] the last turn that was started, with its results
        # @raise [ActiveRecord::ActiveRecordError] the error that ended the caller's transaction
        def call
          ProcessShutdown.watch(@queue)
          @run.connections.release
          @limit = Concurrency.limit(@run)
          @timeout = Concurrency.timeout(@run, [@queue.size, @limit].min)
          Tracing::Runs.batch { drive(Tracing.current).then { @queue.ended_so_far } }
          raise @run.broken if @run.broken

          @run.connections.regain
          @queue.turn
        ensure
          @queue.stop
        end

        private

        # Starts workers, and waits for them.
        def drive(span)
          start(1, span)
          until @queue.over?
            ended = @queue.ended_so_far
            @queue.wait(pause)
            give_up
            start(more(ended), span)
          end
        end

        def give_up
          late, abandoned = @queue.give_up
          late.each { |execution| AbandonedStep.new(@run, execution).time_out }
          abandoned.each { |execution| AbandonedStep.new(@run, execution).killed }
        end

        def start(count, span) = count.times { @queue.join(Worker.new(@run, @queue, @timeout)).start(span) }

        def growing? = @queue.waiting? && @queue.workers.size < @limit

        # Until more workers may be started, or until the first deadline; a step that starts
        # meanwhile has at least as much time.
        def pause
          return @queue.due_in || @timeout unless growing?

          @run.connections.wanted? ? 10 * PATIENCE : PATIENCE
        end

        # As many workers again as there are, if nothing ended and one of them waits for something
        # other than a connection.
        def more(ended)
          return 0 unless growing?

          workers = @queue.workers
          return 1 if workers.empty?
          return 0 unless ended == @queue.ended_so_far && workers.any?(&:asleep?) && !@run.connections.wanted?

          [workers.size, @limit - workers.size, @queue.size].min
        end
      end

      # The number of steps that a run may execute at once.
      module Concurrency
        # @param run [Run]
        # @return [Integer]
        def self.limit(run)
          return run.executor.max_concurrent_steps unless TaskerCore.configuration.honour_concurrency_limits

          within(run.executor.execution_config, run.connections.free)
        end

        # Half of the free connections, because handlers need some too, within the configured
        # limits. One connection stays free even below the lower limit. The result is at least one
        # step.
        # @param settings [Tasker::Types::ExecutionConfig]
        # @param free [Integer] the number of free connections
        # @return [Integer]
        def self.within(settings, free)
          [free / 2, [settings.min_concurrent_steps, free - 1].min, 1].max.clamp(1, settings.max_concurrent_steps_limit)
        end

        # @param run [Run]
        # @param size [Integer] the number of steps executed at once
        # @return [Float, nil] the seconds that each step has; nil for no limit
        def self.timeout(run, size)
          run.executor.execution_config.calculate_batch_timeout(size) if TaskerCore.configuration.enforce_timeouts
        end
      end
    end
  end
end
