# frozen_string_literal: true

module Tasker
  # Stands in for lib/tasker/concerns.
  module Concerns
    # Stands in for structured logging: the same methods, one line each.
    module StructuredLogging
      KEY = :tasker_correlation_id

      def log_structured(level, message, **context)
        Rails.logger.public_send(level) { { correlation_id:, message:, **context }.to_json }
      end

      def log_task_event(task, type, **) = log_structured(:info, "Task #{type}", entity_id: task.task_id, **)
      def log_step_event(step, type, **) = log_structured(:info, "Step #{type}", entity_id: step.workflow_step_id, **)
      def log_orchestration_event(name, type, **) = log_structured(:debug, "#{name} #{type}", **)
      def log_performance_event(name, seconds, **) = log_structured(:debug, name, duration_ms: seconds * 1000, **)

      def log_exception(error, context: {}, level: :error)
        log_structured(level, error.message, exception_class: error.class.name, **context)
      end

      def correlation_id = Thread.current[KEY] ||= SecureRandom.uuid

      def with_correlation_id(id)
        previous = Thread.current[KEY]
        Thread.current[KEY] = id
        yield
      ensure
        Thread.current[KEY] = previous
      end

      private

      def categorize_duration(seconds) = seconds <= 0.1 ? 'fast' : 'moderate'

      def should_log?(level) = Rails.logger.public_send(:"#{level}?")
    end

    # Stands in for the methods that publish events.
    module EventPublisher
      include StructuredLogging

      STEP_EVENTS = { started: 'step.execution_requested', before_handle: 'step.before_handle',
                      completed: 'step.completed', retry_requested: 'step.retry_requested',
                      cancelled: 'step.cancelled', backoff: 'observability.step.backoff' }.freeze
      TASK_EVENTS = { started: 'task.start_requested', completed: 'task.completed', failed: 'task.failed',
                      retry_requested: 'task.retry_requested', pending_transition: 'task.initialize_requested',
                      enqueue: 'observability.task.enqueue' }.freeze
      WORKFLOW_EVENTS = %i[task_finalization_started task_finalization_completed task_reenqueue_started
                           task_reenqueue_requested task_reenqueue_failed task_reenqueue_delayed
                           steps_execution_started steps_execution_completed].freeze

      STEP_EVENTS.each do |type, event|
        define_method(:"publish_step_#{type}") do |step, **context|
          publish_step(event, type, step, context)
        end
      end

      TASK_EVENTS.each do |type, event|
        define_method(:"publish_task_#{type}") do |task, **context|
          publish_event(event, Events::EventPayloadBuilder.build_task_payload(task, event_type: type,
                                                                                    additional_context: context))
        end
      end

      WORKFLOW_EVENTS.each do |type|
        define_method(:"publish_#{type}") do |task, **context|
          publish_orchestration(type, task_id: task.task_id, task_name: task.name, **context)
        end
      end

      def publish_step_failed(step, error: nil, **context)
        about = error ? { error_message: error.message, error_class: error.class.name } : {}
        publish_step('step.failed', :failed, step, about.merge(context))
      end

      def publish_workflow_task_started(task_id, **) = publish_orchestration(:task_started, task_id:, **)
      def publish_no_viable_steps(task_id, **) = publish_orchestration(:no_viable_steps, task_id:, **)

      def publish_viable_steps_discovered(task_id, step_ids, **context)
        found = { task_id:, step_ids:, step_count: step_ids.size }
        publish_orchestration(:viable_steps_discovered, **found, **context)
      end

      # What a subscriber raises is logged and goes no further.
      def publish_event(name, payload = {})
        Events::Publisher.instance.publish(name, payload)
      rescue StandardError => e
        Rails.logger.error { "Error publishing event #{name}: #{e.message}" }
      end

      private

      def publish_step(event, type, step, context)
        publish_event(event, Events::EventPayloadBuilder.build_step_payload(step, event_type: type,
                                                                                  additional_context: context))
      end

      def publish_orchestration(type, **context)
        publish_event("workflow.#{type}",
                      Events::EventPayloadBuilder.build_orchestration_payload(event_type: type, context:))
      end
    end

    # Stands in for transitions that answer false where they are refused.
    module IdempotentStateTransitions
      def safe_transition_to(object, state, metadata = {})
        return false if object.state_machine.current_state == state

        object.state_machine.transition_to!(state, metadata)
        true
      rescue Statesman::GuardFailedError, Statesman::TransitionFailedError
        false
      end
    end
  end
end
