# frozen_string_literal: true

module Tasker
  # Stands in for Tasker::Constants (lib/tasker/constants.rb): the words that the
  # engine's states, answers and events are made of.
  module Constants
    UNKNOWN = 'unknown'

    # A module with one constant a word.
    def self.words(prefix, words)
      Module.new { words.each { |word| const_set(word.upcase, "#{prefix}#{word}".freeze) } }
    end

    STATES = %w[pending in_progress error complete resolved_manually cancelled].freeze
    TaskStatuses = words('', STATES)
    WorkflowStepStatuses = words('', STATES)
    VALID_STEP_COMPLETION_STATES = %w[complete resolved_manually cancelled].freeze

    # What get_task_execution_context answers.
    module TaskExecution
      ExecutionStatus = Constants.words('', %w[has_ready_steps processing blocked_by_failures all_complete
                                               waiting_for_dependencies])
      RecommendedAction = Constants.words('', %w[execute_ready_steps wait_for_completion handle_failures
                                                 finalize_task wait_for_dependencies])
      HealthStatus = Constants.words('', %w[healthy recovering blocked unknown])
    end

    ACTIONABLE_TASK_EXECUTION_STATUSES = %w[has_ready_steps].freeze
    REENQUEUE_TASK_EXECUTION_STATUSES = %w[processing waiting_for_dependencies].freeze

    TaskEvents = words('task.', %w[initialize_requested start_requested completed failed retry_requested
                                   cancelled resolved_manually before_transition])
    StepEvents = words('step.', %w[initialize_requested execution_requested before_handle handle completed failed
                                   retry_requested cancelled resolved_manually before_transition])
    WorkflowEvents = words('workflow.', %w[task_started task_completed task_failed step_completed step_failed
                                           viable_steps_discovered no_viable_steps orchestration_requested
                                           task_finalization_started task_finalization_completed
                                           task_reenqueue_started task_reenqueue_requested task_reenqueue_failed
                                           task_reenqueue_delayed task_state_unclear step_execution_failed
                                           viable_steps_batch_ready steps_execution_started
                                           steps_execution_completed])

    # Events for monitoring only.
    module ObservabilityEvents
      Task = Constants.words('observability.task.', %w[handle enqueue finalize])
      Step = Constants.words('observability.step.', %w[handle find_viable backoff skip max_retries_reached])
    end

    # Why a task was finalized the way it was.
    module TaskFinalization
      ErrorMessages = Constants.words('', %w[steps_in_error_state])
      ReenqueueReasons = Constants.words('', %w[context_unavailable steps_in_progress awaiting_dependencies
                                                ready_steps_available continuing_workflow pending_steps_remaining
                                                retry_backoff])
      PendingReasons = Constants.words('', %w[context_unavailable waiting_for_step_completion
                                              waiting_for_dependencies ready_for_processing workflow_paused])
    end

    TASK_TRANSITION_EVENT_MAP = {
      [nil, 'pending'] => 'task.initialize_requested', [nil, 'in_progress'] => 'task.start_requested',
      [nil, 'complete'] => 'task.completed', [nil, 'error'] => 'task.failed', [nil, 'cancelled'] => 'task.cancelled',
      [nil, 'resolved_manually'] => 'task.resolved_manually',
      %w[pending in_progress] => 'task.start_requested', %w[pending cancelled] => 'task.cancelled',
      %w[pending error] => 'task.failed', %w[in_progress pending] => 'task.initialize_requested',
      %w[in_progress complete] => 'task.completed', %w[in_progress error] => 'task.failed',
      %w[in_progress cancelled] => 'task.cancelled', %w[error pending] => 'task.retry_requested',
      %w[error resolved_manually] => 'task.resolved_manually', %w[complete cancelled] => 'task.cancelled',
      %w[resolved_manually cancelled] => 'task.cancelled'
    }.freeze
  end
end
