# frozen_string_literal: true

module TaskerCore
  module Tracing
    # The spans of a delegated run. Spans and attributes have the names that the engine's telemetry
    # subscriber uses, if there are any: attributes have the configured service name as their
    # prefix, and their values are text.
    #
    # @api private
    module Runs
      TASK = 'tasker.task.execution'
      BATCH = 'tasker.batch.execution'
      STEP = 'tasker.step.execution'
      # The span for each write of a step, by the new state.
      WRITES = { 'in_progress' => 'tasker.step.claim', 'complete' => 'tasker.step.completion',
                 'error' => 'tasker.step.completion', 'pending' => 'tasker.step.retry' }.freeze

      class << self
        # Measures a run of a task.
        #
        # @param task [Tasker::Task]
        # @yieldparam span [Span, nil]
        def task(task)
          Tracing.trace(TASK) do |span|
            if span
              set(span, 'task_id', task.task_id)
              set(span, 'task_name', task.name)
              set(span, 'correlation_id', Thread.current[Core::CORRELATION_ID])
            end
            yield span
          end
        end

        # Records the result of the run, as far as it is known.
        #
        # @param span [Span, nil]
        # @param run [Engine::Runner::Run]
        def ended(span, run)
          return unless span

          counts = run.snapshot.stats
          %w[total_steps completed_steps failed_steps].each { |name| set(span, name, counts[name.to_sym]) }
          span.fail(Blocked.new("#{counts[:failed_steps]} steps have failed permanently")) if run.blocked?
        end

        # Measures steps that are executed at once, or one after another by one worker.
        #
        # @yieldreturn [Integer] the number of steps
        def batch
          Tracing.span(BATCH) do |span|
            executed = yield
            set(span, 'step_count', executed) if span
          end
        end

        # Measures one execution of a step, with its handler.
        #
        # @param step [Tasker::WorkflowStep]
        def step(step)
          Tracing.span(STEP) do |span|
            yield.tap { set(span, 'attempt_number', step.attempts) if span }
          ensure
            name(span, step) if span
          end
        end

        # Records that the current step of this thread has failed.
        def failed(error)
          span = Tracing.current
          return unless span

          span.fail(error)
          set(span, 'error', error.message)
          set(span, 'exception_class', error.class.name)
        end

        private

        def name(span, step)
          set(span, 'task_id', step.task_id)
          set(span, 'step_id', step.workflow_step_id)
          set(span, 'step_name', step.name)
        end

        # As in the engine, all values are text.
        def set(span, name, value)
          naming = span.trace.naming
          span.set(naming.name(name), naming.text(name, value)) unless value.nil?
        end
      end

      # The error of a run's span.
      class Blocked < StandardError; end
    end
  end
end
