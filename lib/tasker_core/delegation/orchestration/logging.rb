# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Prepended to the engine's StructuredLogging. On the threads of a run nothing is
      # built for a line that no logger would write, and a line about a step takes its
      # state from the run instead of asking for it.
      module Logging
        def self.on_class? = false

        def log_structured(level, message, **context)
          return super unless Run.here?

          super if written?(level)
        end

        def log_step_event(step, event_type, **context)
          return super unless Run.here?
          return unless written?(:info) && should_log?(:info)

          KnownState.trust { super }
        end

        def log_task_event(task, event_type, **context)
          return super unless Run.here?
          return unless written?(:info) && should_log?(:info)

          KnownState.trust { super }
        end

        private

        # A logger that does not tell its level (a broadcast, a double) gets the line.
        def written?(level)
          question = :"#{level}?"
          !Rails.logger.respond_to?(question) || Rails.logger.public_send(question)
        end
      end
    end
  end
end
