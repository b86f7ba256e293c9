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

      def initialize
        @subscribers = Hash.new { |events, name| events[name] = [] }
      end

      def subscribe(name, &block)
        @subscribers[name.to_s] << block
        self
      end

      def unsubscribe(block) = @subscribers.each_value { |blocks| blocks.delete(block) }

      def publish(name, payload = {})
        event = Event.new(name.to_s, { timestamp: Time.current }.merge(payload))
        @subscribers.fetch(event.id, []).each { |block| block.call(event) }
      end
    end

    # Stands in for the builder of payloads, with its main keys.
    module EventPayloadBuilder
      module_function

      def build_step_payload(step, task = nil, event_type: :completed, additional_context: {})
        task ||= step.task
        { task_id: task.task_id, step_id: step.workflow_step_id, step_name: step.name, task_name: task.name,
          attempt_number: step.attempts || 1, event_type: event_type.to_s, timestamp: Time.current.iso8601,
          **additional_context }
      end

      def build_task_payload(task, event_type: :completed, additional_context: {})
        { task_id: task.task_id, task_name: task.name, event_type: event_type.to_s,
          timestamp: Time.current.iso8601, **additional_context }
      end

      def build_orchestration_payload(event_type:, context: {})
        { event_type: event_type.to_s, orchestration_event: true, timestamp: Time.current.iso8601, **context }
      end
    end
  end
end
