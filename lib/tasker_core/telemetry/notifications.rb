# frozen_string_literal: true

module TaskerCore
  # Publishes the core's work as ActiveSupport::Notifications. docs/EVENTS.md lists the names and
  # payloads. It builds nothing while there are no listeners.
  #
  # @api private
  module Notifications
    # Operations with their own names; the others are operation.tasker_core.
    NAMES = { 'session_claim' => 'claim.tasker_core', 'session_finish' => 'complete.tasker_core',
              'open_session' => 'session.tasker_core', 'transition_step' => 'transition.tasker_core',
              'transition_task' => 'transition.tasker_core' }.freeze
    OTHERS = 'operation.tasker_core'
    # Reports whose kind is not clear without its context.
    REPORTS = { difference: 'shadow_difference' }.freeze
    private_constant :NAMES, :OTHERS, :REPORTS

    class << self
      # Runs an operation of the core.
      #
      # @param operation [String]
      # @param arguments [Hash{String => Object}]
      # @yieldreturn [Object] the operation's value
      # @return [Object] the same value
      def operation(operation, arguments)
        name = NAMES.fetch(operation, OTHERS)
        return yield unless listening?(name)

        payload = payload(operation, arguments)
        ActiveSupport::Notifications.instrument(name, payload) do
          yield.tap { |value| payload.update({ code: code(name, value) }.compact) }
        end
      end

      # Publishes a report.
      #
      # @param report [Report]
      # @return [void]
      def report(report)
        name = "#{REPORTS.fetch(report.kind, report.kind)}.tasker_core"
        return unless listening?(name)

        ActiveSupport::Notifications.instrument(name, capability: report.capability, operation: report.operation,
                                                      message: report.message, details: report.details)
      end

      private

      def listening?(name)
        defined?(ActiveSupport::Notifications) && ActiveSupport::Notifications.notifier.listening?(name)
      end

      def payload(operation, arguments)
        task_id, step_id, to = arguments.values_at('task_id', 'step_id', 'to')
        task_id ||= Engine::Runner::CurrentWork.step(step_id)&.task_id if arguments.key?('session')
        { operation:, task_id:, step_id:, to: }.compact
      end

      # Transitions, claims and completions answer with a code: allowed, or the reason for a
      # refusal.
      def code(name, value)
        case name
        when 'claim.tasker_core', 'complete.tasker_core' then value[0]
        when 'transition.tasker_core' then value[1]
        end
      end
    end
  end
end
