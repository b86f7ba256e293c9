# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Re-enqueues an unfinished task after its run. The task is set to pending, and exactly one
      # job is enqueued after commit, with the delay of the engine's own rules (its backoff
      # settings, its steps' backoff). If no event can make a step ready, no job is enqueued, and
      # the steps that block the task are reported once.
      class Reenqueuer
        # @param run [Run]
        def initialize(run)
          @run = run
          @task = run.task
        end

        # @return [void]
        # @raise [NotEnqueued] inside of a job
        def call
          return unless TaskerCore.configuration.reenqueue_unfinished_tasks && unfinished?
          return wait_for_workers if waits_for_others?

          context = finalizer::ContextManager.get_task_execution_context(@task.task_id)
          go_on(context) if context && waits?(context) && set_pending
        end

        private

        def finalizer = ::Tasker::Orchestration::TaskFinalizer

        def reenqueuer = @reenqueuer ||= ::Tasker::Orchestration::TaskReenqueuer.new

        def unfinished?
          return false if @run.snapshot.state == 'complete'

          @state = @task.state_machine.current_state
          %w[pending in_progress].include?(@state)
        end

        # Whether Rails has no work until external steps end, by the run's last strict read.
        def waits_for_others?
          return false if @run.lost?

          batch = @run.next_batch
          ready = batch.ready + batch.retry
          external.leave(ready).empty? && external.outstanding?(ready, @run.session.step_states)
        rescue CoreLoss::Fault => e
          @run.lost(e.cause)
          false
        end

        def external = @run.external

        # The run that sets the task to pending enqueues it, so two runs of one task that end at the
        # same time leave one job.
        def set_pending
          return @run.set_pending? if @state == 'pending'

          reenqueuer.safe_transition_to(@task, 'pending')
        end

        # Without retries, a task whose only ready steps are failed ones never changes.
        def waits?(context)
          TaskerCore.configuration.retry_failed_steps || context.execution_status != 'has_ready_steps'
        end

        # This also applies if another run, which knew less, has set the task to pending. The mark
        # says that the task waits for workers, and is set once.
        def wait_for_workers
          return unless @state == 'pending' || set_pending

          ExternalWait.new(@task, own_failures: external.failed_beside?(@run.session.step_states)).start
        end

        def go_on(context)
          remaining = RemainingWork.new(@task)
          return StalledTask.new(@task, remaining).call if remaining.none?

          PendingMark.new(@task).set(PendingMark::WAITING) unless remaining.now? || remaining.timed?
          reason = finalizer::ReasonDeterminer.determine_reenqueue_reason(context)
          delay = delay(context, remaining)
          ActiveRecord.after_all_transactions_commit { JobEnqueuer.new(@task, reason).call(delay) }
        end

        # Changes of other processes since this run's last read are handled at once, even if they
        # ended the last step, for which the engine's rules have no delay.
        def delay(context, remaining)
          return 0 if remaining.now? && context.execution_status != @run.decided_on

          finalizer::DelayCalculator.calculate_reenqueue_delay(context)
        end
      end

      # A task whose state no event can change. No job is enqueued for it any longer, and this is
      # reported.
      class StalledTask
        # @param task [Tasker::Task]
        # @param remaining [RemainingWork]
        def initialize(task, remaining)
          @task = task
          @remaining = remaining
        end

        # @return [void]
        def call
          return unless PendingMark.new(@task).set(PendingMark::HELD)

          Reporting.report(
            Report.new(kind: :task_held, capability: CAPABILITY, operation: 'TaskRunnerJob',
                       details: { task_id: @task.task_id }, message:)
          )
        end

        private

        def message
          "Task #{@task.task_id} stays pending and no job is enqueued for it, because no step can become ready: " \
            "#{@remaining.holders}. Resolve a step by hand or cancel the task, and enqueue its job again; " \
            'stuck_tasks lists it until then.'
        end
      end

      # Lets a job leave a pending task alone while it waits for other processes. If nothing has
      # changed, the job is enqueued for later, without writing a row or publishing an event.
      class PendingTaskCheck
        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
          @word, @since = PendingMark.new(task).read
        end

        # @return [Boolean] whether the task is left alone
        def leaves?
          return false unless [PendingMark::WAITING, PendingMark::HELD].include?(@word)

          remaining = RemainingWork.new(@task)
          return false if remaining.now?
          return StalledTask.new(@task, remaining).call.then { true } if remaining.none?

          PendingMark.new(@task).set(PendingMark::WAITING)
          JobEnqueuer.new(@task, 'steps_in_progress').call(delay)
          true
        end

        private

        # Waits as long as the task has waited so far, within the engine's own limits.
        def delay
          backoff = ::Tasker::Configuration.configuration.backoff
          (Time.current - @since).to_i.clamp(backoff.reenqueue_delays[:processing], backoff.max_backoff_seconds)
        end
      end
    end
  end
end
