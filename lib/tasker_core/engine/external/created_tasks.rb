# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Tasks that were made outside of Rails (create_task with enqueue) and wait to be
      # enqueued. The mark in the audit row says so: whoever takes it enqueues the task, so
      # that many listeners make one job. It is off once the queue has the job; a listener that
      # dies between the two leaves it taken, and another one enqueues the task again then.
      class CreatedTasks
        # How long a listener may take to enqueue a task, in seconds.
        LEASE = 60

        # Why a task is enqueued, in the engine's events.
        REASON = 'task_created'

        class << self
          # @return [ActiveRecord::Relation] the audit rows of tasks that nobody has enqueued
          def rows
            pending = ::Tasker::TaskTransition.where(most_recent: true, to_state: 'pending')
            pending.where("metadata ->> '#{PendingMark::KEY}' = ?", PendingMark::CREATED)
                   .or(pending.where("metadata ->> '#{PendingMark::KEY}' = ?", PendingMark::TAKEN)
                              .where(updated_at: ..LEASE.seconds.ago))
          end

          # Enqueues a task that waits for it, once.
          #
          # @param task_id [Integer]
          # @return [Boolean] whether this call did
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

        # The rows are looked at again as they are written: one listener finds them.
        def take
          self.class.rows.where(task_id: @task.task_id)
              .update_all(['metadata = metadata || ?::jsonb, updated_at = ?',
                           { PendingMark::KEY => PendingMark::TAKEN }.to_json, Time.current]) == 1
        end

        # A process without the task's handler leaves it to one that has it.
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
                       message: "Task #{@task.task_id} was made for Rails, and stays pending: this process has no " \
                                "handler for #{name}. Register one with the same steps, or make such tasks without " \
                                'enqueue, for workers that own their tasks.'), once: name
          )
        end
      end
    end
  end
end
