# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # What the two endings of a step share.
      class Ending
        # @param run [Run]
        # @param executor [Tasker::Orchestration::StepExecutor] publishes the events
        # @param step [Tasker::WorkflowStep] as the handler left it
        def initialize(run, executor, step)
          @run = run
          @executor = executor
          @step = step
        end

        private

        def late(error)
          Reporting.report(
            Report.new(kind: :late_result, capability: CAPABILITY, operation: 'StepExecutor', details: { error: },
                       message: "The result of step #{@step.workflow_step_id} came too late: #{error.message}")
          )
          nil
        end

        # @return [String] what PostgreSQL takes as text in a document
        def storable(text)
          text = text.dup.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
          text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub.delete("\0")
        end
      end

      # A handler that returned: StepExecutor#complete_step_execution.
      class Completion < Ending
        # @return [Tasker::WorkflowStep, nil] nil where nothing was written, or where
        #   the failure to write was recorded
        def call
          now = Time.zone.now
          @step.attempts = (@step.attempts || 0) + 1
          @step.last_attempted_at = now
          @step.processed = true
          @step.in_process = false
          @step.processed_at = now
          Outcome.new(@run, @step).finish('complete')
          @executor.publish_step_completed(@step, attempt_number: @step.attempts,
                                                  execution_duration: @step.processed_at&.-(@step.updated_at))
          @step
        rescue Outcome::Refused => e
          late(e)
        rescue StandardError => e
          record(e)
        end

        private

        # The result could not be written (a NUL byte, an application's validation, a
        # subscriber that broke the transaction): the step fails with the reason.
        def record(error)
          Rails.logger.error('StepExecutor: Unexpected error completing step ' \
                             "#{@step.workflow_step_id}: #{error.message}")
          return unless TaskerCore.configuration.record_failed_completions

          @run.taken_back(@step)
          @step.results = { error: "The result could not be saved: #{storable(error.message)}",
                            backtrace: Array(error.backtrace).join("\n"), error_class: error.class.name }
          @step.processed_at = nil
          Failure.new(@run, @executor, @step).call
          nil
        end
      end

      # A handler that raised: StepExecutor#complete_error_step_execution.
      class Failure < Ending
        # What is written where the step as its handler left it cannot be.
        ESSENTIAL = %w[attempts last_attempted_at in_process processed processed_at retryable results].freeze

        # @return [Tasker::WorkflowStep, nil]
        def call
          @step.in_process = false
          @step.processed = false
          record
        rescue Outcome::Refused => e
          late(e)
        rescue StandardError => e
          Rails.logger.error('StepExecutor: Unexpected error completing error step ' \
                             "#{@step.workflow_step_id}: #{e.message}")
          @run.taken_back(@step)
          record_essentials if TaskerCore.configuration.record_failed_completions
        end

        private

        def record(...)
          Outcome.new(@run, @step).finish('error', ...)
          @executor.publish_step_failed(@step, error_message: @step.results['error'],
                                               error_class: @step.results['error_class'],
                                               attempt_number: @step.attempts,
                                               backtrace: @step.results['backtrace']&.split("\n")&.first(10))
          @step
        end

        # Whatever it was that could not be saved, the failure can: without what the
        # handler left in other columns, the application's validations and NUL bytes.
        def record_essentials
          @step.results = left_results.slice(:error, :error_class, :backtrace).transform_values do |text|
            storable(text.to_s)
          end
          @step.attempts = @step.attempts_in_database.to_i + 1
          @step.retryable = @step.retryable_in_database if @step.retryable.nil?
          record(only: ESSENTIAL)
          @run.picture.reload([@step.workflow_step_id], executed: @step)
          @step
        rescue Outcome::Refused => e
          late(e)
        rescue StandardError => e
          Rails.logger.error("TaskerCore: the failure of step #{@step.workflow_step_id} could not be saved: " \
                             "#{e.message}")
          @run.taken_back(@step)
          nil
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
