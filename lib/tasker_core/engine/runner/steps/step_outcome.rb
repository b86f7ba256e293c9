# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The common part of StepCompletion and StepFailure: writing the outcome of a step, and
      # handling an outcome that cannot be written or comes too late.
      class StepOutcome
        # The errors that building a document from a result may raise.
        UNSTORABLE = [StandardError, SystemStackError, NoMemoryError, ScriptError].freeze

        # @param execution [StepExecution]
        # @param writer [StepWriter]
        # @param quiet [Boolean] whether a late result is not reported
        def initialize(execution, writer, quiet: false)
          @execution = execution
          @writer = writer
          @quiet = quiet
          @step = execution.step
          @run = execution.run
        end

        private

        def changes(now, only: nil) = StepChanges.new(@step, now, @run, only:)

        # The duration of the step in the engine's log line, in seconds.
        def duration = @step.updated_at && @step.created_at && (@step.updated_at - @step.created_at).to_f

        # In microseconds, the precision of the columns.
        def moment = Time.now.utc.floor(6)

        # An error in the caller's transaction is the caller's to handle.
        def callers?(error)
          return false unless TransientFailure.of(error) && DatabaseRetry.transaction_open?

          @run.break_off(error)
          true
        end

        # A write that the database refused until the retries ended is not a failure of the step.
        def unwritten?(error)
          return false unless TransientFailure.of(error)

          report(:unwritten_result, error,
                 "The outcome of step #{@execution.id} could not be written, so it stays in_progress: " \
                 "#{error.message}. Reset it with TaskerCore.reset_stuck when the database works again.")
          true
        end

        def late(error)
          @run.taken(@execution.id)
          return if @quiet

          report(:late_result, error, "The result of step #{@execution.id} came too late: #{error.message}")
        end

        def report(kind, error, message)
          Reporting.report(Report.new(kind:, capability: CAPABILITY, operation: 'StepExecutor', details: { error: },
                                      message:))
          nil
        end
      end

      # The outcome of a handler that returned: StepExecutor#complete_step_execution.
      class StepCompletion < StepOutcome
        # @return [StepExecution, nil] the next step, claimed by the same statement
        attr_reader :following

        # @yieldreturn [Integer, nil] a step that may be claimed with the completion
        # @return [Boolean] whether the step is complete
        def call
          write(yield)
          completed
        rescue StepWriter::Refused => e
          late(e)
          false
        rescue *UNSTORABLE => e
          record(e) unless callers?(e) || unwritten?(e)
          false
        end

        private

        def write(claim)
          now = moment
          @step.attempts = (@step.attempts || 0) + 1
          @step.last_attempted_at = now
          @step.processed = true
          @step.in_process = false
          @step.processed_at = now
          outcome = @writer.finish('complete', changes(now), claim:)
          @run.completed(@execution.id, outcome, now)
          @following = @run.following(claim, outcome.claim) if outcome.claim&.allowed?
        end

        # The step is complete, whether or not its event can be published.
        def completed
          @execution.publish('step.completed', :completed, attempt_number: @step.attempts, execution_duration: 0.0) do
            @run.executor.log_step_event(@step, :completed, duration:)
          end
          Rails.logger.debug { "StepExecutor: Successfully completed step #{@execution.id}" }
          true
        rescue StandardError => e
          Rails.logger.error("StepExecutor: Unexpected error completing step #{@execution.id}: #{e.message}")
          true
        end

        # The result could not be written (a NUL byte, an application's validation, a subscriber
        # that broke the transaction), so the step fails with that reason.
        def record(error)
          Rails.logger.error("StepExecutor: Unexpected error completing step #{@execution.id}: #{error.message}")
          return unless TaskerCore.configuration.record_failed_completions

          reason = ErrorText.of(error)
          @step.results = { error: "The result could not be saved: #{StepFailure.storable(reason.message)}",
                            backtrace: reason.backtrace.join("\n"), error_class: reason.class_name }
          @step.processed_at = nil
          StepFailure.new(@execution, @writer).write
        end
      end

      # The outcome of a handler that raised: StepExecutor#complete_error_step_execution.
      class StepFailure < StepOutcome
        # The columns that are written if the step cannot be saved with all of its handler's
        # changes.
        ESSENTIAL = %w[attempts last_attempted_at in_process processed processed_at retryable results].freeze

        # @param text [String]
        # @return [String] a text that PostgreSQL accepts in a document
        def self.storable(text)
          text = text.dup.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
          text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub.delete("\0")
        end

        # @param error [Exception]
        # @param reason [ErrorText] the error's text
        # @return [Boolean] whether it was recorded
        def call(error, reason)
          keep(reason)
          @step.attempts = (@step.attempts || 0) + 1
          @step.last_attempted_at = @now = moment
          @step.retryable = false if final?(error)
          write
        end

        # Writes the failure in the step's results.
        #
        # @return [Boolean]
        def write
          @step.in_process = false
          @step.processed = false
          record
          true
        rescue StepWriter::Refused => e
          late(e)
          false
        rescue *UNSTORABLE => e
          return false if callers?(e) || unwritten?(e)

          Rails.logger.error("StepExecutor: Unexpected error completing error step #{@execution.id}: #{e.message}")
          TaskerCore.configuration.record_failed_completions && record_essentials
        end

        private

        def final?(error) = TaskerCore.configuration.permanent_errors_final && error.is_a?(::Tasker::PermanentError)

        # StepExecutor#store_step_error_data. An unreadable document raises as soon as it is read.
        def keep(reason)
          left = unreadable? ? {} : @step.results || {}
          @step.results = left.merge(error: reason.text, backtrace: reason.backtrace.join("\n"),
                                     error_class: reason.class_name)
        end

        def unreadable?
          @step.results
          false
        rescue *UNSTORABLE
          TaskerCore.configuration.record_failed_completions || raise
        end

        def record(only: nil)
          @run.ended(@writer.finish('error', changes(@now ||= moment, only:)))
          failed
        end

        # The failure is recorded, whether or not its event can be published.
        def failed
          @execution.publish('step.failed', :failed, error_facts) do
            @run.executor.log_step_event(@step, :failed, duration:, error: nil)
          end
          Rails.logger.debug { "StepExecutor: Successfully saved error step #{@execution.id}" }
        rescue StandardError => e
          Rails.logger.error("StepExecutor: Unexpected error completing error step #{@execution.id}: #{e.message}")
        end

        def error_facts
          results = @step.results
          { error_message: results['error'], error_class: results['error_class'], attempt_number: @step.attempts,
            backtrace: results['backtrace']&.split("\n")&.first(10) }
        end

        # If the failure could not be saved, it is saved without the handler's changes to other
        # columns, without the application's validations and without NUL bytes.
        def record_essentials
          @step.results = left_results.slice(:error, :error_class, :backtrace).transform_values do |text|
            StepFailure.storable(text.to_s)
          end
          @step.attempts = @step.attempts_in_database.to_i + 1
          @step.retryable = @step.retryable_in_database if @step.retryable.nil?
          record(only: ESSENTIAL)
          true
        rescue StepWriter::Refused => e
          late(e)
          false
        rescue *UNSTORABLE => e
          Rails.logger.error("TaskerCore: the failure of step #{@execution.id} could not be saved: #{e.message}")
          false
        end

        # Results that cannot become a document are not even read.
        def left_results
          left = @step.results_before_type_cast
          left = @step.results unless left.is_a?(Hash)
          left.with_indifferent_access
        end
      end
    end
  end
end
