# frozen_string_literal: true

require 'delegate'

module TaskerCore
  module Engine
    module Runner
      # The end of a run: the events and log lines of the engine's coordinator and its
      # TaskFinalizer, and the decision how the task continues
      # (lib/tasker/orchestration/workflow_coordinator.rb, task_finalizer.rb).
      class Finalization
        # @param run [Run]
        def initialize(run)
          @run = run
          @task = run.task
          @coordinator = run.coordinator
          @finalizer = run.finalizer
        end

        # @param duration [Float] of the loop, in seconds
        # @param turns [Integer]
        # @return [void]
        def call(duration, turns)
          @coordinator.log_performance_event('workflow_execution', duration, task_id: @task.task_id,
                                                                             total_iterations: turns,
                                                                             total_steps_processed: processed.size,
                                                                             operation: 'workflow_complete')
          @run.renew_sequence
          began = monotonic
          started
          @finalizer.publish_finalization_started(@task, processed, execution_context)
          decide(execution_context)
          publish_completed(@finalizer, about(execution_context))
          ended(monotonic - began)
        end

        private

        def processed = @run.processed

        def execution_context
          ending = @run.ending
          return @context if @ending.equal?(ending)

          @ending = ending
          @context = LazyAttributes.wrap(::Tasker::Functions::FunctionBasedTaskExecutionContext, ending).first
        end

        def started
          @coordinator.log_orchestration_event('task_finalization', :started, task_id: @task.task_id,
                                                                              processed_steps_count: processed.size)
          @coordinator.publish_task_finalization_started(@task, processed_steps_count: processed.size)
          return unless @run.handler.respond_to?(:update_annotations)

          @run.handler.update_annotations(@task, @run.sequence,
                                          processed)
        end

        # Completes a task whose steps are complete. The engine decides about the others.
        def decide(context)
          @run.decided_on = context.execution_status
          @completion = TaskCompletion.new(@run, context)
          return if context.execution_status == 'all_complete' && @completion.call

          task = ::Tasker::Task.find(@task.task_id)
          finalizer = NotedFinalizer.new(@finalizer)
          ::Tasker::Orchestration::TaskFinalizer::FinalizationDecisionMaker
            .make_finalization_decision(task, context, true, finalizer)
          @run.set_pending if finalizer.pending?
        end

        def ended(duration)
          @completion.shown? ? @run.handler_task.settle : @run.handler_task.reload
          @status = nil unless known?
          @coordinator.log_performance_event('task_finalization', duration, task_id: @task.task_id,
                                                                            final_status: status,
                                                                            processed_steps_count: processed.size)
          publish_completed(@coordinator, {})
          @coordinator.log_orchestration_event('task_finalization', :completed, task_id: @task.task_id,
                                                                                final_status: status,
                                                                                duration_ms: (duration * 1000).round(2))
        end

        # Does what EventPublisher#publish_task_finalization_completed does, without reading the
        # task's state once for the event and once for the log line.
        def publish_completed(source, context)
          source.log_orchestration_event('task_finalization', :completed, task_id: @task.task_id, final_status: status,
                                                                          processed_steps_count: processed.size)
          @run.publish('workflow.task_finalization_completed',
                       ::Tasker::Events::EventPayloadBuilder.build_orchestration_payload(
                         event_type: :task_finalization_completed,
                         context: { **context, task_id: @task.task_id, processed_steps_count: processed.size,
                                               final_status: status }
                       ))
        end

        # The fields that TaskFinalizer#publish_finalization_completed takes from the context.
        def about(context)
          %i[execution_status health_status completion_percentage total_steps ready_steps failed_steps
             recommended_action].to_h { |name| [name, context.public_send(name)] }
        end

        def status = known? ? @run.snapshot.state : @status ||= @task.status

        # The run knows that it completed the task; any other state is read.
        def known? = @run.snapshot.state == 'complete' && !@run.moved?

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end

      # The engine's finalizer, which records whether it has set the task to pending. Two runs of
      # one task that end at the same time then enqueue one job.
      class NotedFinalizer < SimpleDelegator
        # @return [Boolean]
        def pending? = @pending ? true : false

        def pending_task(...) = super.tap { |done| @pending = done }
      end
    end
  end
end
