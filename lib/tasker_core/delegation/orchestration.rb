# frozen_string_literal: true

%w[application own_parts connections levels current event_payloads task_facts task_start
   structured_logging error_facts live_runs transient_failure patience customized step_objects step_sequence
   shown_task progress core_loss engine_loop step_changes left_transaction shared_transaction step_write step_writer
   engine_writer step_ending step_start forked_child step_execution abandoned_step process_end step_queue worker
   batch turn task_writer task_completion finalization external_steps task_job outlook enqueuing parking created_tasks
   wake_up run_events run_sequence run_breaks run prediction step_creation workflow_coordinator hooks].each do |part|
  require_relative "orchestration/#{part}"
end

module TaskerCore
  module Delegation
    # Moves the run of a task into the core: a coordinator of ours, put in place through the
    # engine's own seam for it, drives the loop, executes the steps and finalizes the task. It
    # publishes and logs what the engine does, under the engine's names; handlers, subscribers
    # and queues notice nothing.
    #
    # Where an application brings its own coordinator, executor, finalizer or re-enqueuer, or
    # has changed the engine's, the engine's path is taken.
    module Orchestration
      CAPABILITY = :orchestration

      class << self
        # @return [void]
        def apply = Hooks.apply

        # @return [Boolean] whether runs are the core's
        def active? = TaskerCore.configuration.orchestration == :active

        # @return [Boolean] whether there is a core in this process
        def native? = TaskerCore.implementation == :native
      end
    end
  end
end
