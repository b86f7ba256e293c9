# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # One turn of the loop over a task: the steps that can run, and the events and log lines of
      # the engine's coordinator and executor around their execution
      # (lib/tasker/orchestration/workflow_coordinator.rb, step_executor.rb).
      class Turn
        # @return [Array<Integer>] the steps to execute, in their order
        attr_reader :ids

        # @return [Integer]
        attr_reader :number

        # @param run [Run]
        # @param number [Integer] the number of the turn, from 0
        def initialize(run, number)
          @run = run
          @number = number
          @task_id = run.snapshot.task_id
          @results = {}
        end

        # Finds the steps that can run.
        #
        # @param ids [Array<Integer>, nil] the steps, if they are known already
        # @return [Boolean] whether there are any
        def begin(ids = nil)
          @run.renew(ahead: !ids.nil?)
          debug(coordinator, 'workflow_iteration', :started) do
            { iteration: @number, current_status: @run.task.status }
          end
          began = monotonic
          @ids = ids || @run.runnable
          discovered
          measure(coordinator, 'viable_step_discovery', began) do
            { step_count: @ids.size, sequence_length: @run.sequence_length }
          end
          return nothing_to_do if @ids.empty?

          @run.hold_sequence if @ids.size > 1

          coordinator.publish_viable_steps_discovered(@task_id, @ids)
          started
          true
        end

        # @param id [Integer]
        # @param step [Tasker::WorkflowStep, nil] nil if it was not completed
        def executed(id, step) = @results[id] = step

        # Ends the turn.
        #
        # @return [Boolean] whether steps that have failed permanently block the task
        def close
          completed = @ids.filter_map { |id| @results[id] }
          @run.processed.concat(completed)
          ended(completed.size)
          blocked = blocked?(completed)
          debug(coordinator, 'workflow_iteration', :completed) do
            { iteration: @number, result: blocked ? 'blocked_by_errors' : 'continue',
              **(blocked ? {} : { steps_processed: completed.size }), total_processed: @run.processed.size }
          end
          blocked
        end

        private

        def discovered
          if @ids.any?
            @run.discovery.publish_viable_steps_discovered(@task_id, @ids, processing_mode: 'concurrent',
                                                                           viable_count: @ids.size, step_names: names)
          else
            @run.discovery.publish_no_viable_steps(@task_id, reason: 'No steps ready for execution',
                                                             total_steps_checked: @run.sequence_length)
          end
          Rails.logger.debug { "ViableStepDiscovery: Found #{@ids.size} viable steps for task #{@task_id}" }
        end

        def nothing_to_do
          coordinator.publish_no_viable_steps(@task_id, reason: 'No steps ready for execution')
          debug(coordinator, 'workflow_iteration', :completed) do
            { iteration: @number, result: 'no_viable_steps', total_processed: @run.processed.size }
          end
          false
        end

        def started
          @began = monotonic
          debug(coordinator, 'step_batch_execution', :started) { { step_count: @ids.size, step_names: names } }
          debug(executor, 'step_batch_execution', :started) do
            { step_count: @ids.size, processing_mode: 'concurrent', step_names: names }
          end
          @run.announce('workflow.steps_execution_started', :steps_execution_started,
                        { step_count: @ids.size, processing_mode: 'concurrent' })
          return unless @run.levels.debug?

          limit = Concurrency.limit(@run)
          debug(executor, 'concurrent_execution', :started) { { step_count: @ids.size, max_concurrency: limit } }
          @slices = @ids.each_slice(limit).map(&:size)
          collecting(@slices.first)
        end

        # In the engine, three methods measure the same execution.
        def ended(done)
          @counts = { processed_count: done, successful_count: done, failure_count: 0 }
          concurrent_execution_ended(done)
          measure(executor, 'step_batch_execution', @began) do
            { step_count: @ids.size, **@counts, processing_mode: 'concurrent' }
          end
          debug(executor, 'steps_execution_completed', :completed) { @counts }
          @run.announce('workflow.steps_execution_completed', :steps_execution_completed,
                        { processed_count: done, successful_count: done })
          debug(executor, 'step_batch_execution', :completed) { { **@counts, duration_ms: milliseconds(@began) } }
          measure(coordinator, 'step_batch_execution', @began) { { step_count: @ids.size, **@counts } }
          debug(coordinator, 'step_batch_execution', :completed) do
            { **@counts.except(:failure_count), duration_ms: milliseconds(@began) }
          end
        end

        def concurrent_execution_ended(done)
          cleanup_lines
          measure(executor, 'concurrent_execution', @began) do
            { step_count: @ids.size, **@counts.except(:processed_count) }
          end
          debug(executor, 'concurrent_execution', :completed) do
            { step_count: @ids.size, successful_count: done, duration_ms: milliseconds(@began) }
          end
        end

        def blocked?(completed)
          began = monotonic
          blocked = @run.blocked?
          measure(coordinator, 'error_blocking_check', began) do
            { is_blocked: blocked, processed_steps_count: completed.size }
          end
          if blocked
            debug(coordinator, 'workflow_blocking', :detected) { { reason: 'blocked_by_errors', failed_steps: [] } }
          end
          blocked
        end

        def names = @names ||= @ids.map { |id| @run.steps.name(id) }

        # The engine waits for one slice of steps after another and logs each.
        def cleanup_lines
          return unless @run.levels.debug? && @slices

          @slices.each_with_index do |size, number|
            collecting(size) unless number.zero?
            batch_line('Future cleanup completed', size, pending_cancelled: 0, executing_waited: 0,
                                                         cleanup_duration_ms: 0.0, gc_triggered: false)
          end
        end

        def collecting(size)
          batch_line('Collecting batch results with timeout',
                     size, timeout_seconds: executor.execution_config.calculate_batch_timeout(size))
        end

        def batch_line(message, size, **fields)
          executor.log_structured(:debug, message, task_id: @task_id, batch_size: size, **fields,
                                                   correlation_id: executor.correlation_id)
        end

        def debug(source, operation, event_type)
          return unless @run.levels.debug?

          source.log_orchestration_event(operation, event_type, task_id: @task_id, **yield)
        end

        def measure(source, operation, began)
          seconds = monotonic - began
          return unless @run.levels.measured?(seconds)

          source.log_performance_event(operation, seconds, task_id: @task_id, **yield)
        end

        def milliseconds(began) = ((monotonic - began) * 1000).round(2)

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)

        def coordinator = @run.coordinator

        def executor = @run.executor
      end
    end
  end
end
