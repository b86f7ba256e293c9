# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # One execution of a step: the claim, its handler, the completion or the failure,
      # with the events and log lines of the engine's StepExecutor
      # (lib/tasker/orchestration/step_executor.rb), in its order and under its name.
      class StepExecution
        include StepStart

        # @return [Tasker::WorkflowStep] the object on which the step is executed
        attr_reader :step

        # @return [String] the step's name
        attr_reader :name

        # @return [Integer] the step's id
        attr_reader :id

        # @return [String] the step's state as this execution knows it
        attr_accessor :state

        # @return [Integer] the id of the claim's audit row; 0 without a claim
        attr_accessor :token

        # @return [Run]
        attr_reader :run

        # @return [TaskSnapshot] of the step's task
        attr_reader :snapshot

        # @param run [Run]
        # @param id [Integer]
        def initialize(run, id)
          @run = run
          @snapshot = run.snapshot
          @id = id
          @step = run.steps.executable(id)
          @executor = run.executor
          @levels = run.levels
          @name = run.steps.name(id) || @step.name
          @state = 'pending'
          @token = 0
          @mutex = Mutex.new
        end

        # Executes the step on this thread.
        #
        # @yieldreturn [Integer, nil] a step that may be claimed with the completion
        # @return [StepExecution, nil] the execution of that step, already claimed
        def call(&following)
          Tracing::Runs.step(@step) { CurrentWork.with(@snapshot, self) { execute(&following) } }
          @following
        rescue StandardError => e
          executor.log_exception(e, context: { step_id: @id, task_id: @snapshot.task_id,
                                               operation: 'single_step_execution', duration: monotonic - @began })
          Rails.logger.error("StepExecutor: Unexpected error in execute_single_step for step #{@id}: #{e.message}")
          @following
        end

        # @return [Tasker::WorkflowStep, nil] the completed step; nil if it failed or was not
        #   executed
        def result = @completed ? @step : nil

        # Gives the execution up because its time is over. A later result of its handler is refused.
        #
        # @return [void]
        def give_up = @mutex.synchronize { @given_up = true }

        # @return [Boolean]
        def given_up? = @mutex.synchronize { @given_up }

        # Records the claim of this step.
        #
        # @param claim [Session::Claim]
        # @return [void]
        def claimed(claim)
          @token = claim.token
          @follow = claim.follow
          @run.wrote(@id, 'in_progress')
          @run.steps.reload(@step) if claim.changed.include?(@id)
        rescue ActiveRecord::ActiveRecordError => e
          @unreadable = e
        end

        # @return [Integer] the step that its completion makes ready; see Session::Claim
        def follow = @follow || 0

        # @return [Boolean] whether the step was claimed by this execution
        def claimed? = @token.positive?

        # The fields of a step in the engine's log lines.
        #
        # @param event_type [Symbol]
        # @return [Hash{Symbol => Object}]
        def line(event_type)
          { entity_type: 'step', entity_id: @id, entity_name: @name, event_type:, step_status: @state,
            task_id: @snapshot.task_id, task_name: @run.task_name }
        end

        # Builds the payload of EventPayloadBuilder.build_step_payload.
        #
        # @param event_type [Symbol]
        # @param context [Hash{Symbol => Object}] values that the publisher adds
        # @return [Hash{Symbol => Object}]
        def payload(event_type, context)
          started_at = @step.last_attempted_at
          completed_at = @step.processed_at
          { task_id: @snapshot.task_id, step_id: @id, step_name: @name, started_at: EventPayloads::Clock.of(started_at),
            completed_at: EventPayloads::Clock.of(completed_at), attempt_number: @step.attempts || 1,
            retry_limit: @step.retry_limit, event_type: event_type.to_s, timestamp: EventPayloads::Clock.iso8601,
            **special(event_type, context, started_at, completed_at), **context }
        end

        # Publishes an event about the step as the engine's StepExecutor does.
        #
        # @param event [String]
        # @param event_type [Symbol]
        # @param context [Hash{Symbol => Object}]
        # @return [void]
        def publish(event, event_type, context = {})
          payload = @snapshot.payloads? ? payload(event_type, context) : engines_payload(event_type, context)
          yield if block_given? && levels.info?
          @run.publish(event, payload)
        end

        private

        def engines_payload(event_type, context)
          ::Tasker::Events::EventPayloadBuilder.build_step_payload(@step, @run.task, event_type:,
                                                                                     additional_context: context)
        end

        def special(event_type, context, started_at, completed_at)
          case event_type
          when :started then { step_inputs: @step.inputs, step_dependencies: parent_names.dup }
          when :completed
            { execution_duration: started_at && completed_at ? (completed_at - started_at).round(3) : 0.0, **results }
          when :failed then { **error_information(context), **results }
          when :retry
            { previous_attempts: @step.attempts - 1, retry_reason: 'Step execution failed',
              backoff_strategy: 'exponential' }
          else {}
          end
        end

        def parent_names = @parent_names ||= @run.steps.parent_names(@id)

        def results = @step.results.present? ? { step_results: @step.results } : {}

        def error_information(context)
          ::Tasker::Events::EventPayloadBuilder::ErrorInfoExtractor.extract(@step, context)
        end

        def execute(&following)
          @began = monotonic
          return unless claim

          @unreadable ? fail_with(@unreadable) : handle(&following)
          measure('single_step_execution', @began, step_name: @name, result: @completed ? 'success' : 'failure',
                                                   attempt_count: @step.attempts)
        end

        # The step ends however its handler ends. If its thread is killed, the thread that drives
        # the run records that, because a dying thread cannot commit.
        def handle(&)
          began = monotonic
          ForkedChild.kept_out { @run.handler.get_step_handler(@step).handle(@run.task, @run.sequence, @step) }
        rescue StandardError => e
          fail_with(e)
        rescue Exception => e # rubocop:disable Lint/RescueException -- an exit or a LoadError ends the step, not the process
          publish_failure(e)
          fail_with(e)
        else
          @handled = monotonic - began
          measure('step_handler_execution', began, step_name: @name, result: 'success')
          complete(&)
        end

        # The engine's handlers publish this only for StandardErrors.
        def publish_failure(error)
          executor.publish_step_failed(@step, error:)
        rescue *StepOutcome::UNSTORABLE => e
          Rails.logger.error("Error publishing event step.failed: #{e.class}")
        end

        def complete(&following)
          began = monotonic
          completion = StepCompletion.new(self, writer)
          @completed = completion.call(&following)
          @following = completion.following
          final_status = @completed ? 'complete' : nil
          measure('step_completion', began, final_status:)
          line_about(:workflow_completed) do
            { task_id: @snapshot.task_id, final_status:, total_duration_ms: milliseconds(@began),
              handler_duration_ms: (@handled * 1000).round(2) }
          end
        end

        def fail_with(error)
          reason = ErrorText.of(error)
          line_about(:workflow_failed) do
            { task_id: @snapshot.task_id, error: reason.message, error_class: reason.class_name,
              duration_ms: milliseconds(@began) }
          end
          measure('step_handler_execution', @began, step_name: @name, result: 'failure', error_class: reason.class_name)
          Tracing::Runs.failed(error)
          began = monotonic
          written = StepFailure.new(self, writer).call(error, reason)
          measure('step_error_completion', began, final_status: written ? 'error' : nil)
        end

        def measure(operation, began, **context)
          seconds = monotonic - began
          return unless levels.measured?(seconds)

          executor.log_performance_event(operation, seconds, task_id: @snapshot.task_id, step_id: @id, **context)
        end

        def line_about(event_type)
          executor.log_step_event(@step, event_type, **yield) if levels.info?
        end

        def milliseconds(began) = ((monotonic - began) * 1000).round(2)

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)

        def writer = @writer ||= StepWriter.new(self)

        attr_reader :executor, :levels
      end
    end
  end
end
