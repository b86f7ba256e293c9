# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Completes a task that is in progress: TaskFinalizer#complete_task, with one read of its
      # state less for each of the engine's methods that ask for it.
      class TaskCompletion
        # What is published between the last strict read and the end of a run: who listens may
        # write the task.
        PUBLISHED = [TaskWriter::BEFORE, 'task.completed', 'workflow.task_finalization_started',
                     'workflow.task_finalization_completed'].freeze
        private_constant :PUBLISHED

        # @param run [Run]
        # @param context [Tasker::Functions::FunctionBasedTaskExecutionContext]
        def initialize(run, context)
          @run = run
          @context = context
          @finalizer = run.finalizer
        end

        # @return [Boolean] false where nothing was written, so that the engine has to see to it
        def call
          return false unless @run.session.task_state == 'in_progress'
          return false if ::Tasker::ApplicationRecord.connection.transaction_open?

          @task = runs_task || found
          say
          completed = payload
          return false unless PublisherHooks::Finalizer.announced { write }

          @run.snapshot.state = 'complete' unless @run.moved?
          PublisherHooks::Finalizer.announced { @finalizer.publish_task_completed(@task, **completed) }
          Rails.logger.info("TaskFinalizer: Task #{@task.task_id} completed successfully (#{@context.total_steps} steps,
                            #{@context.completion_percentage}% complete)")
          true
        end

        # @return [Boolean] whether the task that handlers got shows what was written
        def shown? = @shown ? true : false

        private

        # The task that handlers got, where nobody but the run had it to write. The engine reads
        # it once to complete it and once more behind that.
        def runs_task
          return if ModelCustomizations.update?(::Tasker::Task) || ApplicationListeners.listens?(PUBLISHED) ||
                    EngineOverrides.overridden?(@run.handler, :update_annotations)

          task = @run.handler_task.renew
          task if valid?(task)
        end

        # The task as the database has it.
        def found
          task = ::Tasker::Task.find(@run.task.task_id)
          task.association(:named_task).target = @run.task.named_task
          task
        end

        def payload
          { task: @task, completed_at: Time.current, completion_percentage: @context.completion_percentage,
            total_steps: @context.total_steps, health_status: @context.health_status }
        end

        # What FinalizationDecisionMaker and complete_task log before they write.
        def say
          log = Rails.logger
          log.info("TaskFinalizer: Making decision for task #{@task.task_id} with execution_status: all_complete")
          log.info("TaskFinalizer: Task #{@task.task_id} context details - ready_steps: #{@context.ready_steps}, " \
                   "total_steps: #{@context.total_steps}, pending_steps: #{@context.pending_steps}, " \
                   "in_progress_steps: #{@context.in_progress_steps}, completed_steps: #{@context.completed_steps}, " \
                   "failed_steps: #{@context.failed_steps}")
          log.info("TaskFinalizer: Task #{@task.task_id} - calling complete_task")
          log.debug { "TaskFinalizer: Task #{@task.task_id} current state is in_progress" }
          log.debug { "TaskFinalizer: Task #{@task.task_id} transitioning to complete" }
        end

        # The column and the transition in one statement, where the application added nothing to the
        # model and what the engine validates is there.
        def write
          return with_engine unless valid?(@task) && !ModelCustomizations.update?(::Tasker::Task)

          writer = TaskWriter.new(@finalizer, @task)
          written = writer.write('complete', from: 'in_progress', operation: ['complete_task', {}]) { with_engine }
          show_complete(writer.moment) if writer.moment
          written
        end

        def valid?(task) = [task.context, task.requested_at, task.named_task].all?(&:present?)

        # The object as its row is now.
        def show_complete(moment)
          @task.assign_attributes(complete: true, updated_at: moment)
          @task.changes_applied
          @shown = @task.equal?(@run.task)
        end

        def with_engine
          @task = found if @task.equal?(@run.task)
          written = false
          ActiveRecord::Base.transaction do
            @task.update!({ complete: true })
            written = @finalizer.safe_transition_to(@task, 'complete', {})
            raise ActiveRecord::Rollback unless written
          end
          # The engine goes on with this object: it must not believe what was taken back.
          @task.reload unless written
          written
        end
      end
    end
  end
end
