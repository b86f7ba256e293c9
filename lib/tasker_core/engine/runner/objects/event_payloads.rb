# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Prepended to the engine's EventPayloadBuilder. Payloads about the task and step of this
      # thread are built from the run's data. Their keys, order and values are the engine's
      # (lib/tasker/events/event_payload_builder.rb).
      module EventPayloads
        # Times in events have no fraction, so their text is built once a second.
        module Clock
          # Its number, its zone and its text; an array is taken apart without a call.
          @second = [].freeze

          class << self
            # @return [String] the current time in the format of the engine's payloads
            def iso8601 = text(Time.now, Time.zone) { Time.current.iso8601 }

            # @param time [ActiveSupport::TimeWithZone, Time, nil]
            # @return [String, nil] the given time in the same format
            def of(time)
              return time&.iso8601 unless time.respond_to?(:time_zone)

              text(time, time.time_zone) { time.iso8601 }
            end

            private

            def text(time, zone)
              number = time.to_i
              known, its_zone, text = @second
              return text if known == number && its_zone.equal?(zone)

              yield.tap { |made| @second = [number, zone, made].freeze }
            end
          end
        end

        class << self
          # @return [Boolean] whether the builder is the engine's own and not an application's
          #   subclass or module
          def engines?
            builder = ::Tasker::Events::EventPayloadBuilder
            %i[build_step_payload build_task_payload].all? do |name|
              method = builder.method(name)
              method = method.super_method if method.owner == self
              method.owner == builder.singleton_class
            end
          end
        end

        def build_step_payload(step, task = nil, event_type: :completed, additional_context: {})
          execution = CurrentWork.execution(step)
          return super unless execution&.snapshot&.payloads? && (task.nil? || execution.snapshot.about?(task))

          execution.payload(event_type, additional_context)
        end

        def build_orchestration_payload(event_type:, context: {})
          return super unless Runner.active?

          { event_type: event_type.to_s, orchestration_event: true, timestamp: Clock.iso8601, **context }
        end

        def build_task_payload(task, event_type: :completed, additional_context: {})
          snapshot = CurrentWork.task(task)
          return super unless snapshot&.payloads?

          snapshot.payload(task, event_type, additional_context)
        end
      end
    end
  end
end
