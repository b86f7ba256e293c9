# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Executes some steps at once, each on a thread and a connection of its own as
      # the engine does, and does not wait longer than the batch's timeout.
      class Batch
        # @param run [Run]
        # @param executor [Tasker::Orchestration::StepExecutor]
        # @param steps [Array<Tasker::WorkflowStep>]
        def initialize(run, executor, steps)
          @run = run
          @executor = executor
          @steps = steps
        end

        # @yieldparam step [Tasker::WorkflowStep]
        # @yieldreturn [Tasker::WorkflowStep, nil] the executed step
        # @return [Array<Tasker::WorkflowStep, nil>] by step; nil for those that failed
        def call(&)
          Tracing::Runs.batch(@steps.size) do
            futures = @steps.map { |step| start(step, &) }
            deadline = monotonic + @executor.send(:calculate_batch_timeout, @steps.size)
            futures.zip(@steps).map do |future, step|
              wait(future, deadline)
              future.complete? ? future.value : time_out(step)
            end
          end
        end

        # How many steps of a run may be executed at once.
        #
        # @param settings [Tasker::Types::ExecutionConfig]
        # @return [Integer] the free connections, within the configured limits
        def self.concurrency(settings)
          stat = ::Tasker::ApplicationRecord.connection_pool.stat
          (stat[:size] - stat[:busy]).clamp(settings.min_concurrent_steps, settings.max_concurrent_steps_limit)
        end

        private

        def start(step, &)
          span = Tracing.current
          Concurrent::Future.execute { Tracing.inside(span) { @run.use { execute(step, &) } } }
        end

        # A step that got no connection counts as refused, so that the loop ends.
        def execute(step)
          with_connections { yield step unless @run.claims.given_up?(step.workflow_step_id) }
        rescue ActiveRecord::ConnectionNotEstablished => e
          Rails.logger.error("TaskerCore: step #{step.workflow_step_id} was not started: #{e.message}")
          @run.claims.refused(step.workflow_step_id)
          nil
        end

        def with_connections(&)
          pools = [ActiveRecord::Base.connection_pool, ::Tasker::ApplicationRecord.connection_pool].uniq
          return lend(pools.first, &) if pools.one?

          lend(pools.first) { lend(pools.last, &) }
        end

        # Back to the pool afterwards, also where somebody asks for `connection`
        # inside: the threads live on, and would keep it for ever.
        # What the engine's own executor left there would be used instead, also where
        # transactional fixtures pinned another.
        def lend(pool, &)
          pool.release_connection unless Run.driving
          pool.with_connection(prevent_permanent_checkout: true, &)
        end

        def wait(future, deadline)
          return future.wait unless TaskerCore.configuration.enforce_timeouts

          future.wait([deadline - monotonic, 0].max)
        end

        # The step is failed as one that may be retried; its handler may still run,
        # on an object of its own, and its result will be refused.
        def time_out(step)
          @run.claims.give_up(step.workflow_step_id)
          TimedOut.new(@run, @executor, step).call
          nil
        end

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end

      # Records that a step's time ran out.
      class TimedOut
        def initialize(run, executor, step)
          @run = run
          @executor = executor
          @step = run.picture.reread(step.workflow_step_id)
          @message = "Step #{step.name} (#{step.workflow_step_id}) did not end within the batch timeout; " \
                     'its result will be refused. Raise execution.batch_timeout_* or make the step shorter.'
        end

        def call
          @executor.send(:store_step_error_data, @step, error)
          @step.in_process = false
          @step.processed = false
          Outcome.new(@run, @step).finish('error')
          @executor.publish_step_failed(@step, error:, attempt_number: @step.attempts)
        rescue Outcome::Refused
          # It ended at the very last moment, or was never started: there is nothing
          # to fail, and what stands in the database holds.
          @run.picture.reload([@step.workflow_step_id])
        end

        private

        def error
          @error ||= Timeout::Error.new(@message).tap { |error| error.set_backtrace([]) }
        end
      end
    end
  end
end
