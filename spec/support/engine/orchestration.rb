# frozen_string_literal: true

module Tasker
  # Stands in for lib/tasker/orchestration: the engine's loop with its classes,
  # its order of writes, and little else.
  module Orchestration
    class StepSequenceFactory
      def self.get_sequence(task, handler) = new.get_sequence(task, handler)

      def get_sequence(task, handler)
        steps = WorkflowStep.get_steps_for_task(task, handler.step_templates)
        handler.establish_step_dependencies_and_defaults(task, steps)
        Types::StepSequence.new(steps:)
      end
      alias create_sequence_for_task! get_sequence
    end

    class TaskInitializer
      include Concerns::EventPublisher
      include Concerns::IdempotentStateTransitions

      def initialize_task!(request, handler)
        task = Task.transaction do
          Task.create_with_defaults!(request).tap { |made| StepSequenceFactory.get_sequence(made, handler) }
        end
        publish_task_started(task, step_count: task.workflow_steps.count)
        publish_task_enqueue(task)
        TaskRunnerJob.perform_later(task.task_id)
        task
      end

      def start_task!(task)
        unless task.status == 'pending'
          raise ProceduralError, "task is not pending for task #{task.task_id}, status is #{task.status}"
        end

        task.context = task.context.with_indifferent_access
        safe_transition_to(task, 'in_progress',
                           { initialization_completed: true,
                             step_dependencies_established: task.workflow_steps.count })
        publish_task_started(task, task_context: task.context)
        true
      end
    end

    class ViableStepDiscovery
      include Concerns::EventPublisher

      def find_viable_steps(task, sequence)
        WorkflowStep.get_viable_steps(task, sequence).tap do |steps|
          if steps.empty?
            publish_no_viable_steps(task.task_id, reason: 'No steps ready for execution',
                                                  total_steps_checked: sequence.steps.size)
          else
            announce(task, steps)
          end
        end
      end

      private

      def announce(task, steps)
        publish_viable_steps_discovered(task.task_id, steps.map(&:workflow_step_id), processing_mode: 'concurrent',
                                                                                     viable_count: steps.size,
                                                                                     step_names: steps.map(&:name))
      end
    end

    class BackoffCalculator
      include Concerns::EventPublisher

      # Leaves the seconds to wait on the step, which its executor then saves.
      def calculate_and_apply_backoff(step, context)
        asked = context.fetch(:headers, {}).values_at('Retry-After', 'retry-after').compact.first
        step.backoff_request_seconds = [asked ? asked.to_i : table(step.attempts.to_i), config.max_backoff_seconds].min
        step.last_attempted_at = Time.zone.now unless asked
        publish_step_backoff(step, backoff_seconds: step.backoff_request_seconds)
      end

      private

      def config = Configuration.configuration.backoff

      def table(attempts)
        config.default_backoff_seconds.fetch(attempts) { ((attempts + 1)**config.backoff_multiplier).to_i }
      end
    end

    class TaskReenqueuer
      include Concerns::EventPublisher
      include Concerns::IdempotentStateTransitions

      def reenqueue_task(task, reason: 'pending_steps_remaining')
        publish_task_reenqueue_started(task, reason:)
        safe_transition_to(task, 'pending')
        TaskRunnerJob.perform_later(task.task_id)
        publish_task_reenqueue_requested(task, reason:)
        true
      rescue StandardError => e
        publish_task_reenqueue_failed(task, reason:, error: e.message)
        false
      end

      def reenqueue_task_delayed(task, delay_seconds:, reason: 'retry_backoff')
        publish_task_reenqueue_delayed(task, delay_seconds:, reason:)
        TaskRunnerJob.set(wait: delay_seconds.seconds).perform_later(task.task_id)
        true
      rescue StandardError
        false
      end
    end
  end
end

%w[step_executor task_finalizer workflow_coordinator].each { |part| require_relative part }
