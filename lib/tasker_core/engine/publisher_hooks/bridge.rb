# frozen_string_literal: true

module TaskerCore
  module Engine
    module PublisherHooks
      # Forwards the engine's events to the core's subscribers in this process and in others. It
      # does nothing while nobody subscribes here and nothing is relayed.
      module Bridge
        # The maximum number of tasks whose names are cached.
        MOST_NAMES = 1000
        private_constant :MOST_NAMES

        @names = {}
        @mutex = Mutex.new

        class << self
          # @param name [String]
          # @param payload [Hash{Symbol => Object}]
          # @return [void]
          def forward(name, payload)
            here = TaskerCore.subscriptions.any?
            there = Relay.sends?(name)
            return unless here || there

            rows = [row(name, payload)]
            Core.current.publish(rows) if here
            Relay.deliver(rows) if there
          rescue StandardError => e
            report(name, e)
          end

          # Clears the cached names.
          #
          # @return [void]
          def reset = @mutex.synchronize { @names.clear }

          private

          def row(name, payload)
            task_id = Integer(payload[:task_id], exception: false)
            namespace, task_name = task_id ? names(task_id) : nil
            EventCodec.row(name:, task_id:, step_id: Integer(payload[:step_id], exception: false), namespace:,
                           task_name: payload[:task_name] || task_name, step_name: payload[:step_name],
                           occurred_at: Time.now, payload: EventCodec.plain(payload.transform_values { |v| bare(v) }))
          end

          # A record becomes its id, because other processes do not have the record.
          def bare(value) = value.is_a?(::ActiveRecord::Base) ? value.id : value

          # A task's names never change, so one query per task is enough.
          def names(task_id)
            known = @mutex.synchronize { @names[task_id] }
            return known if known

            found = ::Tasker::Task.joins(named_task: :task_namespace).where(task_id:)
                                  .pick('tasker_task_namespaces.name', 'tasker_named_tasks.name')
            found && @mutex.synchronize do
              @names.shift if @names.size >= MOST_NAMES
              @names[task_id] = found
            end
          end

          def report(name, error)
            Reporting.report(Report.new(kind: :event_not_forwarded, capability: :events, operation: name,
                                        message: "the event #{name} did not reach the core's subscribers: " \
                                                 "#{error.class}: #{error.message}", details: { error: }),
                             once: error.class)
          end
        end
      end
    end
  end
end
