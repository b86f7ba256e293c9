# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # A task that waits for external steps: Rails has nothing to do until a worker has finished
      # one. The task is pending with a mark in its audit row. The process that removes the mark
      # enqueues the task, so many completions and many listeners create one job. A delayed job
      # checks from time to time whether a wake-up was missed; if there is nothing to do, it writes
      # no row and publishes no event.
      class ExternalWait
        # The metadata of a waiting task's audit row.
        MARK = 'external_steps'
        WAITING = 'awaited'
        DONE = 'done'
        CHECK = 'check_at'

        # The reason that the engine's events give for enqueuing the task.
        REASON = 'external_steps_finished'

        # How far the clocks of two machines may differ, in seconds.
        TOLERANCE = 1

        # The attributes that the engine's DelayCalculator reads from a context.
        Waiting = Struct.new(:task_id, :execution_status)
        private_constant :Waiting

        class << self
          # @return [ActiveRecord::Relation] the audit rows of waiting tasks
          def rows
            ::Tasker::TaskTransition.where(most_recent: true, to_state: 'pending')
                                    .where("metadata ->> '#{MARK}' = '#{WAITING}'")
          end

          # Enqueues a waiting task if a run of it has work to do now.
          #
          # @param task_id [Integer]
          # @return [Boolean] whether this call enqueued it
          def wake(task_id)
            task = ::Tasker::Task.find_by(task_id:)
            task ? new(task).wake : false
          end
        end

        # @param task [Tasker::Task]
        # @param own_failures [Boolean] whether a failed step waits for Rails
        def initialize(task, own_failures: false)
          @task = task
          @own_failures = own_failures
        end

        # Marks the pending task, unless it is marked already, and enqueues the delayed job that
        # checks it.
        #
        # @return [void]
        def start
          unmarked = ::Tasker::TaskTransition.where(task_id: @task.task_id, most_recent: true, to_state: 'pending')
                                             .where("metadata ->> '#{MARK}' IS NULL")
          return unless mark(unmarked, MARK => WAITING, CHECK => check_at) == 1

          ActiveRecord.after_all_transactions_commit do
            enqueue_check
            # Steps that ended between the run's last look and the mark notified nobody.
            wake
          end
        end

        # @return [Boolean]
        def wake
          return false unless waiting.exists? && needed? && mark(waiting, MARK => DONE) == 1

          JobEnqueuer.new(@task, REASON).call(0)
          true
        end

        # Whether a job has nothing to do for its task: the task is closed, or it waits and Rails
        # has no work yet. In the second case the next check is scheduled.
        #
        # @return [Boolean]
        def undisturbed?
          return false if ExternalSteps.names_of(@task).empty?
          return true if %w[complete cancelled resolved_manually].include?(@task.status)
          return false if waiting.none? || needed?

          due = waiting.where("(metadata ->> '#{CHECK}')::float <= ?", Time.current.to_f + TOLERANCE)
          enqueue_check if mark(due, CHECK => check_at) == 1
          true
        end

        private

        def waiting = self.class.rows.where(task_id: @task.task_id)

        def mark(rows, changes)
          rows.update_all(["metadata = coalesce(metadata, '{}') || ?::jsonb", changes.to_json])
        end

        def needed? = RailsWork.new(@task).call

        def check_at = delay && (Time.current + delay).to_f

        # The engine's own delay for a waiting task, unless the application sets another; 0 turns
        # the check off.
        #
        # @return [Integer, nil] seconds
        def delay
          @delay ||= begin
            own = TaskerCore.configuration.external_steps_recheck_seconds unless @own_failures
            own || ::Tasker::Orchestration::TaskFinalizer::DelayCalculator.calculate_reenqueue_delay(
              Waiting.new(@task.task_id, 'waiting_for_dependencies')
            )
          end
          @delay if @delay.positive?
        end

        def enqueue_check
          JobEnqueuer.new(@task, REASON).call(delay) if delay
        end
      end

      # Tells whether a run of a task would find work in Rails.
      class RailsWork
        DONE = %w[complete resolved_manually].freeze
        private_constant :DONE

        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
        end

        # @return [Boolean]
        def call
          connection = ::Tasker::ApplicationRecord.connection
          session = Session.new(Core.current, HostConnection.new(connection), @task.task_id,
                                FunctionVersions.of(connection),
                                final_when_not_retryable: TaskerCore.configuration.permanent_errors_final)
          batch = session.next
          batch.blocked || session.step_states.each_value.all? { |state| DONE.include?(state) } ||
            ((batch.ready + again(batch.retry)) - external).any?
        ensure
          session&.close
        end

        private

        def again(steps) = TaskerCore.configuration.retry_failed_steps ? steps : []

        def external
          ExternalSteps.of(@task, ExternalSteps.names_of(@task)).pluck(:workflow_step_id)
        end
      end
    end
  end
end
