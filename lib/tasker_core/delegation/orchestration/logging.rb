# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Prepended to the engine's StructuredLogging. On the threads of a run nothing is
      # built for a line that no logger would write, and a line about a step takes its
      # state from the run instead of asking for it.
      module Logging
        LEVELS = :tasker_core_levels
        private_constant :LEVELS

        class << self
          def on_class? = false

          # Forgets what this thread knows of the logger's level, which may have changed.
          #
          # @return [void]
          def look_again = Thread.current[LEVELS] = nil

          # A logger that does not tell its level (a broadcast, a double) gets the line.
          #
          # @return [Boolean]
          def level?(level)
            question = :"#{level}?"
            !Rails.logger.respond_to?(question) || Rails.logger.public_send(question)
          end
        end

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

        # Asked once a turn and once a step: about thirty lines ask for it.
        def written?(level)
          levels = Thread.current[LEVELS] ||= {}
          levels.fetch(level) { levels[level] = Logging.level?(level) }
        end
      end
    end
  end
end
