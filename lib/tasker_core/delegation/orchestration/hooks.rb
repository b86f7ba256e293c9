# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # What is prepended to the engine. Each method answers for objects of a run and
      # leaves everything else to the engine.
      module Hooks
        # A hook on instances.
        module OnInstances
          def on_class? = false
        end

        # A hook on the class itself.
        module OnClass
          def on_class? = true
        end

        # Prepended to WorkflowCoordinator. execute_workflow itself is left alone, so
        # that specs may replace it.
        module Coordinator
          extend OnInstances

          private

          def execute_workflow_with_monitoring(task, task_handler)
            Tracing::Runs.task(task) do |span|
              run = Run.open(self, task, task_handler)
              next super unless run

              run.drive { super.tap { Tracing::Runs.ended(span, run) } }
            end
          end

          def execute_workflow_iteration(task, task_handler, all_processed_steps, iteration)
            run = Run.driving(task)
            return super unless run

            run.turn { super }
          end
        end

        # Prepended to Task: the loop's reload on each turn mostly has nothing to read.
        module TaskReload
          extend OnInstances

          def reload(...)
            return if Run.driving(self)&.shown_task&.reloaded_without_reading?

            super
          end
        end

        # Prepended to StepSequenceFactory.
        module SequenceFactory
          extend OnInstances

          def get_sequence(task, task_handler)
            Run.driving(task)&.sequence || super
          end
        end

        # Prepended to WorkflowStep's class. The answer stays a relation; its rows are
        # loaded already.
        module ViableSteps
          extend OnClass

          def get_viable_steps(task, sequence)
            return Prediction.check(task, sequence) { super } if TaskerCore.configuration.orchestration == :shadow

            run = Run.driving(task)
            return ExternalSteps.without(task, super) unless run

            steps = run.viable_steps
            relation = where(workflow_step_id: steps.map(&:workflow_step_id))
            relation.send(:load_records, steps)
            relation
          end
        end

        # Prepended to WorkflowStep's class: what the payloads of a task's events count.
        module CompletionStats
          extend OnClass

          def task_completion_stats(task)
            run = Run.driving
            return super unless run && run.task.task_id == task.task_id

            run.completion_stats
          end
        end

        # Prepended to StepStateMachine's class: the payload of a transition's event is
        # built from the step that the run holds, instead of reading it, its task, its
        # name and its parents again.
        module EventStep
          extend OnClass

          private

          def extract_step_from_context(context)
            Run.held_step(context[:step_id]) || super
          end
        end

        # Prepended to StepExecutor.
        module Executor
          extend OnInstances

          # In a run the limits of the configuration and the connection pool decide,
          # without counting every step of the database.
          def max_concurrent_steps
            return super unless Run.driving && TaskerCore.configuration.honour_concurrency_limits

            Run.driving.concurrency(execution_config)
          end

          def execute_single_step(task, sequence, step, task_handler)
            return super unless Run.of(step)

            Tracing::Runs.step(step) { KnownState.trust { catch(:refused) { super } } }
          end

          private

          def execute_steps_concurrently(task, sequence, viable_steps, task_handler)
            run = Run.driving(task)
            return super unless run

            viable_steps.each_slice(max_concurrent_steps).flat_map do |steps|
              Batch.new(run, self, steps).call do |step|
                execute_single_step(task, sequence, step, task_handler)
              end.compact
            end
          end

          # The step was read by the run and is claimed by the database: there is
          # nothing to read again.
          def validate_step_preconditions_with_logging(step)
            return super unless Run.of(step)

            log_step_event(step, :validation_passed, step_status: step.status, step_attempts: step.attempts)
            true
          end

          def transition_step_to_in_progress!(step)
            run = Run.of(step)
            return super unless run

            Outcome.new(run, step).claim
            true
          rescue Outcome::Refused => e
            Rails.logger.info { "TaskerCore: step #{step.workflow_step_id} is not executed: #{e.message}" }
            throw :refused
          end

          def execute_step_handler(task, sequence, step, task_handler)
            return super unless Run.of(step)

            KnownState.distrust { super }
          end

          def store_step_error_data(step, error)
            forget_unreadable_results(step) if Run.of(step) && TaskerCore.configuration.record_failed_completions
            super
            Tracing::Runs.failed(error)
            final = Run.of(step) && TaskerCore.configuration.permanent_errors_final
            step.retryable = false if final && error.is_a?(::Tasker::PermanentError)
          end

          # What is no document (invalid UTF-8) raises as soon as it is read.
          def forget_unreadable_results(step)
            step.results
          rescue StandardError
            step.results = {}
          end

          def complete_step_execution(task, step)
            run = Run.of(step)
            return super unless run

            Completion.new(run, self, step).call
          end

          def complete_error_step_execution(task, step)
            run = Run.of(step)
            return super unless run
            return Failure.new(run, self, step).call if run.claims.any?(step.workflow_step_id)

            # The claim itself broke: the engine fails the pending step.
            KnownState.distrust { super if step.status == 'pending' }
          end
        end

        # Prepended to TaskFinalizer.
        module Finalizer
          extend OnInstances

          def blocked_by_errors?(task, sequence, processed_steps)
            run = Run.driving(task)
            run ? run.blocked? : super
          end

          def pending_task(...)
            super.tap { |done| Run.driving&.pending_was_set if done }
          end
        end

        # Prepended to TaskFinalizer::ContextManager's class: what the finalizer
        # decides from counts a step that failed for good as blocked.
        module Contexts
          extend OnClass

          def get_task_execution_context(task_id)
            run = Run.driving
            return super unless run && run.task.task_id == task_id

            LazyAttributes.wrap(::Tasker::Functions::FunctionBasedTaskExecutionContext, run.context).first
          end
        end

        # Prepended to TaskInitializer.
        module Initializer
          extend OnInstances

          def start_task!(task)
            throw Parking::ASLEEP if Job.running? && Parking.new(task).asleep?

            return super unless Job.resuming? && !task.complete && task.status == 'in_progress'

            task.context = ActiveSupport::HashWithIndifferentAccess.new(task.context)
            Rails.logger.info { "TaskerCore: task #{task.task_id} is taken up again; its last run was cut short" }
            true
          end
        end

        # Prepended to TaskRunnerJob.
        module Job
          extend OnInstances

          KEY = :tasker_core_job
          private_constant :KEY

          # @return [Boolean] whether this thread runs a job whose task is the core's
          def self.running? = Thread.current[KEY] && Orchestration.active?

          # @return [Boolean] whether a job may take up a task that is in_progress
          def self.resuming? = running? && TaskerCore.configuration.resume_interrupted_tasks

          def perform(...)
            before = Thread.current[KEY]
            Thread.current[KEY] = true
            catch(Parking::ASLEEP) { super }
          ensure
            Thread.current[KEY] = before
          end

          private

          # What the run recorded is no failure of the job: it was enqueued again, or
          # the task is in error and says so.
          def validate_task_completion(task, job_correlation_id, task_execution_duration)
            return super unless Orchestration.active?

            task.reload
            log_task_event(task, :job_execution_completed,
                           job_id:, final_status: task.status, correlation_id: job_correlation_id,
                           execution_duration_ms: (task_execution_duration * 1000).round(2))
          end
        end

        TARGETS = {
          Coordinator => %w[Tasker::Orchestration::WorkflowCoordinator],
          TaskReload => %w[Tasker::Task],
          SequenceFactory => %w[Tasker::Orchestration::StepSequenceFactory],
          ViableSteps => %w[Tasker::WorkflowStep],
          StepCreation::Hook => %w[Tasker::WorkflowStep],
          TaskCreation::Stats => %w[Tasker::WorkflowStep],
          TaskCreation::Logging => %w[Tasker::Orchestration::TaskInitializer],
          CompletionStats => %w[Tasker::WorkflowStep],
          EventStep => %w[Tasker::StateMachine::StepStateMachine],
          Executor => %w[Tasker::Orchestration::StepExecutor],
          Finalizer => %w[Tasker::Orchestration::TaskFinalizer],
          Contexts => %w[Tasker::Orchestration::TaskFinalizer::ContextManager],
          Initializer => %w[Tasker::Orchestration::TaskInitializer],
          Job => %w[Tasker::TaskRunnerJob],
          Tracing::Job => %w[Tasker::TaskRunnerJob],
          Logging => %w[Tasker::Concerns::StructuredLogging],
          LentSteps => %w[Tasker::Types::StepSequence],
          KnownName => %w[Tasker::WorkflowStep Tasker::Task],
          KnownState::Machine => %w[Tasker::StateMachine::StepStateMachine Tasker::StateMachine::TaskStateMachine]
        }.freeze
      end
    end
  end
end
