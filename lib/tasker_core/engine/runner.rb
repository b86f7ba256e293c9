# frozen_string_literal: true

%w[runner/customizations/application_listeners runner/customizations/engine_overrides
   runner/customizations/table_triggers runner/workers/connections runner/objects/log_levels runner/objects/current_work
   runner/objects/event_payloads runner/objects/task_snapshot runner/tasks/task_start runner/objects/structured_logging
   runner/steps/error_text runner/active_runs runner/workers/transient_failure runner/workers/database_retry
   runner/customizations/model_customizations runner/objects/step_objects runner/objects/step_sequence
   runner/objects/handler_task runner/objects/step_counts runner/core_loss runner/engine_loop
   runner/steps/step_changes runner/steps/leaked_transaction runner/steps/shared_transaction
   runner/steps/step_write runner/steps/step_writer runner/steps/engine_writer runner/steps/step_outcome
   runner/steps/step_start runner/workers/forked_child runner/steps/step_execution runner/steps/abandoned_step
   runner/workers/process_shutdown runner/workers/step_queue runner/workers/worker runner/workers/batch
   runner/turn runner/tasks/task_writer runner/tasks/task_completion runner/finalization external/external_steps
   jobs/task_job runner/remaining_work jobs/pending_mark jobs/job_enqueuer external/external_wait
   external/created_tasks runner/tasks/reenqueuer runner/run_events runner/objects/run_sequence
   runner/objects/run_session runner/run_interruption runner/run runner/shadow_batch runner/step_creation
   runner/workflow_coordinator runner/hooks].each do |part|
  require_relative part
end

module TaskerCore
  module Engine
    # Moves the run of a task into the core. A coordinator of this gem uses the engine's own
    # extension point for coordinators. It drives the loop, executes the steps and finalizes the
    # task. It publishes and logs the engine's events and lines under the engine's names, so
    # handlers, subscribers and queues see no difference.
    #
    # If an application has its own coordinator, executor, finalizer or re-enqueuer, or has changed
    # the engine's, the engine's own code runs.
    module Runner
      CAPABILITY = :orchestration

      class << self
        # @return [void]
        def apply = Hooks.apply

        # @return [Boolean] whether the core runs tasks
        def active? = TaskerCore.configuration.orchestration == :active

        # @return [Boolean] whether this process has a core
        def native? = TaskerCore.implementation == :native
      end
    end
  end
end
