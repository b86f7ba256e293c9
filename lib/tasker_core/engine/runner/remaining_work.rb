# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The work that remains for a waiting task: a step that can run now or at a known time, or
      # work of another process or task that it waits for.
      class RemainingWork
        DONE = %w[complete resolved_manually].freeze

        # The steps of other tasks on which steps of this task depend.
        FOREIGN = <<~SQL
          SELECT 1 FROM tasker_workflow_steps child
          JOIN tasker_workflow_step_edges edge ON edge.to_step_id = child.workflow_step_id
          JOIN tasker_workflow_steps parent ON parent.workflow_step_id = edge.from_step_id
          LEFT JOIN tasker_workflow_step_transitions audit
            ON audit.workflow_step_id = parent.workflow_step_id AND audit.most_recent
          WHERE child.task_id = $1 AND parent.task_id <> $1
            AND coalesce(audit.to_state, 'pending') NOT IN ('complete', 'resolved_manually')
          LIMIT 1
        SQL
        private_constant :DONE, :FOREIGN

        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
        end

        # @return [Boolean] whether a run has work now: a step to execute, or the task to finalize
        def now? = steps.any? { |step| step.ready_for_execution && runs?(step) } || decided?

        # @return [Boolean] whether nothing that is running or scheduled can make a step ready
        def none? = !now? && !timed? && !others?

        # @return [Boolean] whether a step can run at a known time: a failed step, or one that asked
        #   to wait
        def timed?
          steps.any? do |step|
            step.dependencies_satisfied && step.next_retry_at && step.attempts < step.retry_limit && runs?(step) &&
              !unretryable.include?(step.workflow_step_id) && %w[pending error].include?(step.current_state)
          end
        end

        # @return [String] the steps that block the task, and the reasons
        def holders
          return 'it has no steps' if steps.empty?

          open = steps.reject { |step| DONE.include?(step.current_state) }
          open.map { |step| "#{step.name} #{reason(step)}" }.join(', ')
        end

        private

        def steps = @steps ||= ::Tasker::StepReadinessStatus.for_task(@task.task_id).to_a

        # Whether all steps are complete, or one has failed permanently.
        def decided?
          steps.any? && (steps.all? { |step| DONE.include?(step.current_state) } ||
            steps.any? { |step| step.current_state == 'error' && final?(step) })
        end

        def final?(step)
          step.attempts >= step.retry_limit ||
            (TaskerCore.configuration.permanent_errors_final && unretryable.include?(step.workflow_step_id))
        end

        # Reads the columns that readiness does not include.
        def unretryable
          @unretryable ||= ::Tasker::WorkflowStep.where(task_id: @task.task_id, retryable: false)
                                                 .pluck(:workflow_step_id)
        end

        # A failed step runs again only if retries are switched on.
        def runs?(step) = step.current_state != 'error' || TaskerCore.configuration.retry_failed_steps

        # Whether a step is being executed, or another task has to progress first.
        def others?
          steps.any? { |step| step.current_state == 'in_progress' } ||
            ::Tasker::ApplicationRecord.connection.select_value(FOREIGN, 'TaskerCore foreign_parents', [@task.task_id])
        end

        def reason(step)
          return "is #{step.current_state}" unless step.current_state == 'pending'
          return 'waits for a step that will not be complete' unless step.dependencies_satisfied

          'is pending and may not run: not retryable, without attempts left, or marked as processed'
        end
      end
    end
  end
end
