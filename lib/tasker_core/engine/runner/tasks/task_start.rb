# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Starts a task: TaskInitializer#start_task!
      # (lib/tasker/orchestration/task_initializer.rb), with one read for the task's state and
      # the counts of its steps.
      class TaskStart
        @versions = ObjectSpace::WeakMap.new

        class << self
          # @param task [Tasker::Task]
          # @return [Integer, nil] the version of its row when it was started
          def version(task) = @versions[task]

          # @param task [Tasker::Task]
          # @param version [Integer]
          # @return [void]
          def keep(task, version) = @versions[task] = version
        end

        # @param initializer [Tasker::Orchestration::TaskInitializer]
        # @param task [Tasker::Task]
        def initialize(initializer, task)
          @initializer = initializer
          @task = task
        end

        # @return [Boolean] whether the task was started
        # @raise [Tasker::ProceduralError] where it is complete or not pending
        def call
          refuse("task already complete for task #{@task.task_id}") if @task.complete
          counts = TaskCounts.of(@task)
          self.class.keep(@task, counts.version)
          unless counts.state == 'pending'
            refuse("task is not pending for task #{@task.task_id}, status is #{counts.state}")
          end
          @task.context = ActiveSupport::HashWithIndifferentAccess.new(@task.context)
          return failed unless write(counts.stats[:total_steps])

          announce(counts)
          true
        end

        private

        def refuse(reason) = raise(::Tasker::ProceduralError, reason)

        # In a transaction of the caller's a savepoint protects it.
        def write(steps)
          metadata = { initialization_completed: true, step_dependencies_established: steps }
          if ::Tasker::ApplicationRecord.connection.transaction_open?
            return @initializer.safe_transition_to(@task, 'in_progress', metadata)
          end

          TaskWriter.new(@initializer, @task).tap { |writer| @writer = writer }
                    .write('in_progress', from: 'pending', metadata:)
        end

        # Where the application heard of the transition it may have changed what was counted.
        def announce(counts)
          return publish unless @writer&.by_itself?

          CurrentWork.with(TaskSnapshot.new(@task.task_id, state: 'in_progress') { counts.stats }) { publish }
        end

        def publish = @initializer.publish_task_started(@task, task_context: @task.context)

        def failed
          @initializer.publish_task_failed(@task, error_message: 'Failed to transition to in_progress',
                                                  initialization_failed: true)
          false
        end
      end

      # A task's state and how far its steps are, read with one statement.
      #
      # @!attribute [r] state
      #   @return [String]
      # @!attribute [r] stats
      #   @return [Hash{Symbol => Object}] as WorkflowStep.task_completion_stats gives them
      # @!attribute [r] version
      #   @return [Integer] of the task's row, which is another one when somebody writes it
      TaskCounts = Struct.new(:state, :stats, :version) do
        # @param task [Tasker::Task]
        # @return [TaskCounts]
        def self.of(task)
          connection = ::Tasker::ApplicationRecord.connection
          rows = ::Tasker::ApplicationRecord.uncached do
            connection.select_rows(self::SQL, 'TaskerCore task_counts', [task.task_id])
          end
          state, version, total, completed, failed, latest = rows.first
          new(state || 'pending',
              { total_steps: total, completed_steps: completed, failed_steps: failed,
                pending_steps: total - completed - failed,
                latest_completion_time: ::Tasker::WorkflowStep.type_for_attribute(:processed_at).deserialize(latest),
                all_complete: completed == total && total.positive? }, version)
        end
      end

      TaskCounts::SQL = <<~SQL
        SELECT (SELECT to_state FROM tasker_task_transitions WHERE task_id = $1 AND most_recent),
          (SELECT xmin::text::bigint FROM tasker_tasks WHERE task_id = $1),
          count(*), count(*) FILTER (WHERE audit.to_state IN ('complete', 'resolved_manually')),
          count(*) FILTER (WHERE audit.to_state = 'error'),
          max(step.processed_at) FILTER (WHERE audit.to_state IN ('complete', 'resolved_manually'))
        FROM tasker_workflow_steps step
        LEFT JOIN tasker_workflow_step_transitions audit
          ON audit.workflow_step_id = step.workflow_step_id AND audit.most_recent
        WHERE step.task_id = $1
      SQL
    end
  end
end
