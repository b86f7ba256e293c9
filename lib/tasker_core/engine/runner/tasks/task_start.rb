# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Starts a task as TaskInitializer#start_task! does
      # (lib/tasker/orchestration/task_initializer.rb), with one read for the task's row, its
      # state and the counts of its steps.
      class TaskStart
        @versions = ObjectSpace::WeakMap.new

        class << self
          # @param task [Tasker::Task]
          # @return [Integer, nil] the version of its row that the object showed when it was
          #   started; nil if it showed another one
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
        # @raise [Tasker::ProceduralError] if it is complete or not pending
        def call
          refuse("task already complete for task #{@task.task_id}") if @task.complete
          counts = TaskCounts.with_version(@task)
          keep(counts.version)
          unless counts.state == 'pending'
            refuse("task is not pending for task #{@task.task_id}, status is #{counts.state}")
          end
          @task.context = ActiveSupport::HashWithIndifferentAccess.new(@task.context)
          return failed unless write(counts.stats[:total_steps])

          announce(counts)
          settle if counts.version
          true
        end

        private

        # All writes of one transaction to a row have the same version.
        def keep(version)
          self.class.keep(@task, ::Tasker::ApplicationRecord.connection.transaction_open? ? nil : version)
        end

        # As after a reload: values that were not read need no comparison with their old values. What
        # the application changed meanwhile stays a change, which the run's reload discards.
        def settle
          @task.clear_changes_information unless @task.has_changes_to_save?
        end

        def refuse(reason) = raise(::Tasker::ProceduralError, reason)

        # In the caller's transaction, a savepoint protects it.
        def write(steps)
          metadata = { initialization_completed: true, step_dependencies_established: steps }
          if ::Tasker::ApplicationRecord.connection.transaction_open?
            return @initializer.safe_transition_to(@task, 'in_progress', metadata)
          end

          TaskWriter.new(@initializer, @task).tap { |writer| @writer = writer }
                    .write('in_progress', from: 'pending', metadata:)
        end

        # If the application received the transition's event, it may have changed the counted rows.
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

      # A task's state and the counts of its steps, read in one statement.
      #
      # @!attribute [r] state
      #   @return [String]
      # @!attribute [r] stats
      #   @return [Hash{Symbol => Object}] as WorkflowStep.task_completion_stats gives them
      # @!attribute [r] version
      #   @return [Integer, nil] the version of the task's row, which changes with each write; nil
      #     if the task object does not show the row, or if it was not read
      TaskCounts = Struct.new(:state, :stats, :version) do
        class << self
          # @param task [Tasker::Task]
          # @return [TaskCounts]
          def of(task) = made_of(*read(self::SQL, task).rows.first)

          # Reads the version of the task's row too.
          #
          # @param task [Tasker::Task]
          # @return [TaskCounts]
          def with_version(task)
            result = read(self::SQL_WITH_ROW, task)
            *counts, version = result.rows.first.first(self::COLUMNS + 1)
            row = result.columns.zip(result.rows.first).drop(self::COLUMNS + 1).to_h
            made_of(*counts).tap do |found|
              found.version = version if task.attributes_before_type_cast == row && !task.has_changes_to_save?
            end
          end

          private

          def read(sql, task)
            ::Tasker::ApplicationRecord.uncached do
              ::Tasker::ApplicationRecord.connection.select_all(sql, 'TaskerCore task_counts', [task.task_id])
            end
          end

          def made_of(state, total, completed, failed, latest)
            new(state || 'pending',
                { total_steps: total, completed_steps: completed, failed_steps: failed,
                  pending_steps: total - completed - failed,
                  latest_completion_time: ::Tasker::WorkflowStep.type_for_attribute(:processed_at).deserialize(latest),
                  all_complete: completed == total && total.positive? })
          end
        end
      end

      TaskCounts::COLUMNS = 5
      TaskCounts::SQL = <<~SQL
        SELECT (SELECT to_state FROM tasker_task_transitions WHERE task_id = $1 AND most_recent),
          count(*), count(*) FILTER (WHERE audit.to_state IN ('complete', 'resolved_manually')),
          count(*) FILTER (WHERE audit.to_state = 'error'),
          max(step.processed_at) FILTER (WHERE audit.to_state IN ('complete', 'resolved_manually'))
        FROM tasker_workflow_steps step
        LEFT JOIN tasker_workflow_step_transitions audit
          ON audit.workflow_step_id = step.workflow_step_id AND audit.most_recent
        WHERE step.task_id = $1
      SQL
      TaskCounts::SQL_WITH_ROW = <<~SQL.freeze
        SELECT counts.*, task.xmin::text::bigint, task.*
        FROM (#{TaskCounts::SQL}) AS counts (state, total, completed, failed, latest)
        LEFT JOIN tasker_tasks task ON task.task_id = $1
      SQL
    end
  end
end
