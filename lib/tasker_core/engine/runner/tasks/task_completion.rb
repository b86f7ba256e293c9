# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Completes a task that is in progress, as TaskFinalizer#complete_task does. It avoids the
      # extra reads of the task's state in the engine's methods.
      class TaskCompletion
        # The events between the last strict read and the end of a run, whose listeners may write
        # the task.
        PUBLISHED = [TaskWriter::BEFORE, 'task.completed', 'workflow.no_viable_steps',
                     'workflow.task_finalization_started', 'workflow.task_finalization_completed'].freeze
        private_constant :PUBLISHED

        # @param run [Run]
        # @param context [Tasker::Functions::FunctionBasedTaskExecutionContext]
        def initialize(run, context)
          @run = run
          @context = context
          @finalizer = run.finalizer
        end

        # @return [Boolean] false if nothing was written, so that the engine has to complete the
        #   task
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

        # @return [Boolean] whether the task object of handlers matches the written row
        def shown? = @shown ? true : false

        private

        # The task object of handlers, if only the run could write it. The engine reads the task
        # once to complete it and once more after that.
        def runs_task
          return if customized? || ApplicationListeners.listens?(PUBLISHED) ||
                    EngineOverrides.overridden?(@run.handler, :update_annotations) ||
                    TableTriggers.found?(::Tasker::ApplicationRecord.connection)

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

        # The log lines of FinalizationDecisionMaker and complete_task before they write.
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

        # Writes the column and the transition in one statement, if the application has not changed
        # the model and the columns that the engine validates are present.
        def write
          return with_engine unless valid?(@task) && !customized?

          writer = TaskWriter.new(@finalizer, @task)
          written = writer.write('complete', from: 'in_progress', operation: ['complete_task', {}]) { with_engine }
          show_complete(writer.moment) if writer.moment
          written
        end

        # Whether Active Record has to write the task; asked once for a completion.
        def customized?
          return @customized unless @customized.nil?

          @customized = ModelCustomizations.update?(::Tasker::Task)
        end

        def valid?(task) = [task.context, task.requested_at, task.named_task].all?(&:present?)

        # Updates the object to match its row.
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
          # The engine continues with this object, so it must not keep values that were rolled back.
          @task.reload unless written
          written
        end
      end
    end
  end
end
