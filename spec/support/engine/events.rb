# frozen_string_literal: true

require 'singleton'

module Tasker
  # Stands in for lib/tasker/events: who publishes to whom.
  module Events
    # What a subscriber gets.
    Event = Struct.new(:id, :payload) do
      def [](name) = payload.fetch(name)
      def to_h = payload
    end

    # Stands in for the publisher, which is a Dry::Events publisher.
    class Publisher
      include Singleton

      # Who listens: by event, blocks with a filter that lets everything pass.
      Bus = Struct.new(:listeners)

      def __bus__ = @__bus__ ||= Bus.new(Hash.new { |events, name| events[name] = [] })

      def subscribe(name, &block)
        __bus__.listeners[name.to_s] << [block, nil]
        self
      end

      def unsubscribe(block)
        __bus__.listeners.each_value { |listeners| listeners.delete_if { |own, _| own == block } }
      end

      def publish(name, payload = {})
        event = Event.new(name.to_s, { timestamp: Time.current }.merge(payload))
        __bus__.listeners.fetch(event.id, []).each { |block, _| block.call(event) }
      end
    end

    # Stands in for the builder of payloads, with its keys.
    module EventPayloadBuilder
      # What a failed step's payload says of its error.
      module ErrorInfoExtractor
        def self.extract(step, context = {})
          { error_message: context[:error_message] || step.results&.dig('error') || 'Unknown error',
            exception_class: context[:exception_class] || 'StandardError',
            backtrace: context[:backtrace] || step.results&.dig('backtrace') }.compact
        end
      end

      class << self
        def build_step_payload(step, task = nil, event_type: :completed, additional_context: {})
          { task_id: (task || step.task).task_id, step_id: step.workflow_step_id, step_name: step.name,
            started_at: step.last_attempted_at&.iso8601, completed_at: step.processed_at&.iso8601,
            attempt_number: step.attempts || 1, retry_limit: step.retry_limit, event_type: event_type.to_s,
            timestamp: Time.current.iso8601, **of_type(event_type, step, additional_context), **additional_context }
        end

        def build_task_payload(task, event_type: :completed, additional_context: {})
          stats = WorkflowStep.task_completion_stats(task)
          { task_id: task.task_id, task_name: task.name, task_type: task.class.name, event_type: event_type.to_s,
            timestamp: Time.current.iso8601,
            **stats.slice(:total_steps, :completed_steps, :failed_steps, :pending_steps),
            **(event_type == :started ? { task_context: task.context } : {}), **additional_context }
        end

        def build_orchestration_payload(event_type:, context: {})
          { event_type: event_type.to_s, orchestration_event: true, timestamp: Time.current.iso8601, **context }
        end

        private

        def of_type(event_type, step, context)
          results = step.results.present? ? { step_results: step.results } : {}
          case event_type
          when :started then { step_inputs: step.inputs, step_dependencies: step.parents.map(&:name) }
          when :completed then { execution_duration: 0.0, **results }
          when :failed then { **ErrorInfoExtractor.extract(step, context), **results }
          else {}
          end
        end
      end
    end
  end
end
