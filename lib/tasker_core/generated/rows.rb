# frozen_string_literal: true

# Written by bin/generate; change operations.json instead.
module TaskerCore
  # A row of get_step_readiness_status.
  StepReadiness = Row.of(
    :workflow_step_id, :task_id, :named_step_id, :name, :current_state, :dependencies_satisfied,
    :retry_eligible, :ready_for_execution, :last_failure_at, :next_retry_at, :total_parents,
    :completed_parents, :attempts, :retry_limit, :backoff_request_seconds, :last_attempted_at
  )

  # The progress of a step.
  # attempts: how often it was tried.
  # retry_limit: how often it may be tried, nothing for the engine's default.
  # level: the longest path from a root.
  # began_at: when it was first in progress.
  # ended_at: when it came to the state that it has, where that is one to stay in.
  # duration_micros: from the one to the other, of a running step up to now.
  # parent_step_ids: the steps of the task that it waits for.
  StepProgress = Row.of(
    :workflow_step_id, :name, :state, :attempts, :retry_limit, :level, :began_at, :ended_at,
    :duration_micros, :parent_step_ids
  )

  # A row of get_task_execution_context.
  TaskExecutionContext = Row.of(
    :task_id, :named_task_id, :status, :total_steps, :pending_steps, :in_progress_steps,
    :completed_steps, :failed_steps, :ready_steps, :execution_status, :recommended_action,
    :completion_percentage, :health_status
  )

  # A row of calculate_dependency_levels.
  DependencyLevel = Row.of(
    :workflow_step_id, :dependency_level
  )

  # A row of the view tasker_step_dag_relationships.
  StepDagRelationship = Row.of(
    :workflow_step_id, :task_id, :named_step_id, :parent_step_ids, :child_step_ids, :parent_count,
    :child_count, :is_root_step, :is_leaf_step, :min_depth_from_root
  )

  # A row of get_system_health_counts_v01.
  SystemHealthCounts = Row.of(
    :total_tasks, :pending_tasks, :in_progress_tasks, :complete_tasks, :error_tasks,
    :cancelled_tasks, :total_steps, :pending_steps, :in_progress_steps, :complete_steps,
    :error_steps, :retryable_error_steps, :exhausted_retry_steps, :in_backoff_steps,
    :active_connections, :max_connections
  )

  # A row of get_analytics_metrics_v01: rates in percent, durations in seconds.
  AnalyticsMetrics = Row.of(
    :active_tasks_count, :total_namespaces_count, :unique_task_types_count, :system_health_score,
    :task_throughput, :completion_count, :error_count, :completion_rate, :error_rate,
    :avg_task_duration, :avg_step_duration, :step_throughput, :analysis_period_start, :calculated_at
  )

  # A row of get_slowest_steps_v01.
  SlowestStep = Row.of(
    :workflow_step_id, :task_id, :step_name, :task_name, :namespace_name, :version,
    :duration_seconds, :attempts, :created_at, :completed_at, :retryable, :step_status
  )

  # A row of get_slowest_tasks_v01.
  SlowestTask = Row.of(
    :task_id, :task_name, :namespace_name, :version, :duration_seconds, :step_count,
    :completed_steps, :error_steps, :created_at, :completed_at, :initiator, :source_system
  )

  # A step that has been in_progress for longer than the requested age: its worker is dead or slow.
  StuckStep = Row.of(
    :workflow_step_id, :task_id, :name, :since, :attempts, :retry_limit
  )

  # A stuck step that was taken from its worker.
  # state: pending, or error where no attempt is left.
  ResetStep = Row.of(
    :workflow_step_id, :task_id, :name, :since, :attempts, :retry_limit, :state
  )

  # A task that was interrupted between two steps, or a pending task for which no job is enqueued.
  StuckTask = Row.of(
    :task_id, :name, :since
  )

  # A claimed step, with its handler's data as JSON.
  # handler: the place in the list of handlers that was given.
  # context: JSON of the task.
  # inputs: JSON of the step.
  # results: JSON that the last attempt left.
  # parents: JSON of the results of the parents by their names.
  ClaimedRow = Row.of(
    :handler, :version, :workflow_step_id, :task_id, :token, :attempts, :retry_limit, :context,
    :inputs, :results, :parents
  )
end
