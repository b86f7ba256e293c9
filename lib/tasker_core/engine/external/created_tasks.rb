# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Tasks that were created outside of Rails (create_task with enqueue) and wait to be enqueued.
      # A mark in the audit row records this. The listener that takes the mark enqueues the task, so
      # many listeners create one job. The mark is removed once the queue has the job. If a listener
      # dies in between, the mark stays, and another listener enqueues the task again.
      class CreatedTasks
        # How long a listener may take to enqueue a task, in seconds.
        LEASE = 60

        # The reason that the engine's events give for enqueuing the task.
        REASON = 'task_created'

        class << self
          # @return [ActiveRecord::Relation] the audit rows of tasks that are not enqueued yet
          def rows
            pending = ::Tasker::TaskTransition.where(most_recent: true, to_state: 'pending')
            pending.where("metadata ->> '#{PendingMark::KEY}' = ?", PendingMark::CREATED)
                   .or(pending.where("metadata ->> '#{PendingMark::KEY}' = ?", PendingMark::TAKEN)
                              .where(updated_at: ..LEASE.seconds.ago))
          end

          # Enqueues a waiting task once.
          #
          # @param task_id [Integer]
          # @return [Boolean] whether this call enqueued it
          def enqueue(task_id)
            task = ::Tasker::Task.find_by(task_id:)
            task ? new(task).enqueue : false
          end
        end

        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
        end

        # @return [Boolean]
        def enqueue
          return false unless registered? && take

          JobEnqueuer.new(@task, REASON).call(0)
          PendingMark.new(@task).take(PendingMark::TAKEN)
          true
        end

        private

        # Checks the rows again as it writes them, so only one listener takes each.
        def take
          self.class.rows.where(task_id: @task.task_id)
              .update_all(['metadata = metadata || ?::jsonb, updated_at = ?',
                           { PendingMark::KEY => PendingMark::TAKEN }.to_json, Time.current]) == 1
        end

        # A process without the task's handler leaves the task to one that has it.
        def registered?
          ::Tasker::HandlerFactory.instance.get(@task.name, namespace_name: @task.namespace_name,
                                                            version: @task.version)
          true
        rescue ::Tasker::ProceduralError
          report
          false
        end

        def report
          name = "#{@task.namespace_name}/#{@task.name} #{@task.version}"
          Reporting.report(
            Report.new(kind: :no_handler, capability: CAPABILITY, operation: 'TaskRunnerJob',
                       details: { task_id: @task.task_id },
                       message: "Task #{@task.task_id} was created for Rails and stays pending: this process has no " \
                                "handler for #{name}. Register one with the same steps, or create such tasks without " \
                                'enqueue, for workers that own their tasks.'), once: name
          )
        end
      end
    end
  end
end
