# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # What StepCompletion and StepFailure share: writing how a step ended, and what to do where that
      # cannot be written or comes too late.
      class StepOutcome
        # What a result may raise while a document is made of it.
        UNSTORABLE = [StandardError, SystemStackError, NoMemoryError, ScriptError].freeze

        # @param execution [StepExecution]
        # @param writer [StepWriter]
        # @param quiet [Boolean] whether it may come too late without a word
        def initialize(execution, writer, quiet: false)
          @execution = execution
          @writer = writer
          @quiet = quiet
          @step = execution.step
          @run = execution.run
        end

        private

        def changes(now, only: nil) = StepChanges.new(@step, now, @run, only:)

        # What the engine's line calls the step's duration, in seconds.
        def duration = @step.updated_at && @step.created_at && (@step.updated_at - @step.created_at).to_f

        # As precise as the columns are.
        def moment = Time.now.utc.floor(6)

        # What a transaction of the caller's met is the caller's to repeat.
        def callers?(error)
          return false unless TransientFailure.of(error) && DatabaseRetry.transaction_open?

          @run.break_off(error)
          true
        end

        # What the database could not take however long it was tried is no failure of the step.
        def unwritten?(error)
          return false unless TransientFailure.of(error)

          report(:unwritten_result, error,
                 "What became of step #{@execution.id} could not be written, so it stays in_progress: " \
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

      # A handler that returned: StepExecutor#complete_step_execution.
      class StepCompletion < StepOutcome
        # @return [StepExecution, nil] the next step, claimed by the same statement
        attr_reader :following

        # @yieldreturn [Integer, nil] a step to claim with it, where one could be
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

        # The step is complete, whatever becomes of its event.
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

        # The result could not be written (a NUL byte, an application's validation, a
        # subscriber that broke the transaction): the step fails with the reason.
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

      # A handler that raised: StepExecutor#complete_error_step_execution.
      class StepFailure < StepOutcome
        # What is written where the step as its handler left it cannot be.
        ESSENTIAL = %w[attempts last_attempted_at in_process processed processed_at retryable results].freeze

        # @param text [String]
        # @return [String] what PostgreSQL takes as text in a document
        def self.storable(text)
          text = text.dup.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
          text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub.delete("\0")
        end

        # @param error [Exception]
        # @param reason [ErrorText] of it
        # @return [Boolean] whether it was recorded
        def call(error, reason)
          keep(reason)
          @step.attempts = (@step.attempts || 0) + 1
          @step.last_attempted_at = @now = moment
          @step.retryable = false if final?(error)
          write
        end

        # Writes the failure that is in the step's results.
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

        # StepExecutor#store_step_error_data; what is no document raises as soon as it is read.
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

        # The failure is recorded, whatever becomes of its event.
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

        # Whatever it was that could not be saved, the failure can: without what the handler
        # left in other columns, the application's validations and NUL bytes.
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

        # Not even read where a document cannot be made of it.
        def left_results
          left = @step.results_before_type_cast
          left = @step.results unless left.is_a?(Hash)
          left.with_indifferent_access
        end
      end
    end
  end
end
