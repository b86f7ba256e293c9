# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Prepended to the engine's StructuredLogging. It builds nothing for a line that no logger
      # would write, and takes the state for a line about the task or step of this thread from the
      # run.
      module StructuredLogging
        def log_structured(level, message, **context)
          super if !CurrentWork.here? || level_written?(level)
        end

        def log_step_event(step, event_type, duration: nil, **context)
          return super unless Runner.active?
          return unless level_written?(:info)

          execution = CurrentWork.execution(step)
          return super unless execution

          log_structured(:info, "Step #{event_type}", **execution.line(event_type), **duration_fields(duration),
**context)
        end

        def log_task_event(task, event_type, **context)
          return super unless Runner.active?
          return unless level_written?(:info)

          snapshot = CurrentWork.task(task)
          return super unless snapshot&.state

          log_structured(:info, "Task #{event_type}", entity_type: 'task', entity_id: task.task_id,
                                                      entity_name: task.name, event_type:, task_status: snapshot.state,
                                                      **context)
        end

        # Whether a line of this level is written, by the engine's setting and by the logger's
        # level.
        #
        # @param level [Symbol]
        # @return [Boolean]
        def level_written?(level) = should_log?(level) && StructuredLogging.logger_takes?(level)

        # A logger that does not report its level gets every line.
        #
        # @param level [Symbol]
        # @return [Boolean]
        def self.logger_takes?(level)
          logger = Rails.logger
          question = QUESTIONS[level] || :"#{level}?"
          !logger.respond_to?(question) || logger.public_send(question)
        end

        private

        # The engine's publishing methods use the duration only for their log line.
        def extract_duration_from_step(step)
          super if !Runner.active? || level_written?(:info)
        end

        def duration_fields(duration)
          return {} unless duration

          { duration_ms: (duration * 1000).round(2), performance_category: categorize_duration(duration) }
        end

        QUESTIONS = { debug: :debug?, info: :info?, warn: :warn?, error: :error?, fatal: :fatal? }.freeze
        private_constant :QUESTIONS
      end
    end
  end
end
