# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The modules that are prepended beside the coordinator's strategy.
      module Hooks
        # Prepended to WorkflowStep's class.
        module WorkflowStep
          # Creates missing steps and edges in bulk.
          def get_steps_for_task(task, templates)
            return super unless Runner.active? && equal?(::Tasker::WorkflowStep)

            StepCreation.new(task, templates).call || super
          end

          # The engine's own loop skips the steps of external workers; in shadow mode its answer is
          # compared.
          def get_viable_steps(task, sequence)
            return ShadowBatch.check(task, sequence) { super } if TaskerCore.configuration.orchestration == :shadow

            ExternalSteps.without(task, super)
          end

          # Reads the step counts of a task's payload in one statement instead of four.
          def task_completion_stats(task)
            return super unless Runner.active? && equal?(::Tasker::WorkflowStep)

            CurrentWork.task(task)&.stats || TaskCounts.of(task).stats
          end
        end

        # Prepended to StepStateMachine's class: builds the payload of a transition's event from the
        # step that this thread executes, instead of reading the step again.
        module StepMachine
          private

          def extract_step_from_context(context) = CurrentWork.step(context[:step_id]) || super
        end

        # Prepended to TaskInitializer.
        module TaskInitializer
          def start_task!(task)
            if TaskJob.running? && (ExternalWait.new(task).undisturbed? || PendingTaskCheck.new(task).leaves?)
              throw TaskJob::LEFT_ALONE
            end
            return resume(task) if resumes?(task)

            starts? ? TaskStart.new(self, task).call : super
          end

          private

          def starts?
            Runner.active? && Runner.native? &&
              !EngineOverrides.reopened?(method(:start_task!), ::Tasker::Orchestration::TaskInitializer)
          end

          def resumes?(task) = TaskJob.resuming? && !task.complete && task.status == 'in_progress'

          def resume(task)
            task.context = ActiveSupport::HashWithIndifferentAccess.new(task.context)
            Rails.logger.info { "TaskerCore: task #{task.task_id} is resumed; its last run was interrupted" }
            true
          end
        end

        # The prepended modules and their targets; a second element names a class whose own methods
        # are meant.
        INSTANCES = {
          WorkflowCoordinator::Strategy => 'Tasker::TaskHandler::InstanceMethods',
          TaskInitializer => 'Tasker::Orchestration::TaskInitializer',
          TaskJob => 'Tasker::TaskRunnerJob',
          Tracing::Job => 'Tasker::TaskRunnerJob',
          StructuredLogging => 'Tasker::Concerns::StructuredLogging'
        }.freeze
        MACHINES = %w[Tasker::StateMachine::StepStateMachine Tasker::StateMachine::TaskStateMachine].freeze
        CLASSES = {
          WorkflowStep => 'Tasker::WorkflowStep',
          StepMachine => 'Tasker::StateMachine::StepStateMachine',
          EventPayloads => 'Tasker::Events::EventPayloadBuilder'
        }.freeze

        # @return [void]
        def self.apply
          INSTANCES.each { |hook, name| Object.const_get(name).prepend(hook) }
          MACHINES.each { |name| Object.const_get(name).prepend(ActiveRuns::Moves) }
          CLASSES.each { |hook, name| Object.const_get(name).singleton_class.prepend(hook) }
        end
      end
    end
  end
end
