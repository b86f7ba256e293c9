"""The events of a workflow. Written by bin/events; change catalog.json instead."""

from enum import Enum


class Event(str, Enum):
    """The names of the events. Custom events are plain strings."""

    TASK_INITIALIZE_REQUESTED = "task.initialize_requested"
    TASK_START_REQUESTED = "task.start_requested"
    TASK_COMPLETED = "task.completed"
    TASK_FAILED = "task.failed"
    TASK_RETRY_REQUESTED = "task.retry_requested"
    TASK_CANCELLED = "task.cancelled"
    TASK_RESOLVED_MANUALLY = "task.resolved_manually"
    TASK_BEFORE_TRANSITION = "task.before_transition"
    STEP_INITIALIZE_REQUESTED = "step.initialize_requested"
    STEP_EXECUTION_REQUESTED = "step.execution_requested"
    STEP_BEFORE_HANDLE = "step.before_handle"
    STEP_HANDLE = "step.handle"
    STEP_COMPLETED = "step.completed"
    STEP_FAILED = "step.failed"
    STEP_RETRY_REQUESTED = "step.retry_requested"
    STEP_CANCELLED = "step.cancelled"
    STEP_RESOLVED_MANUALLY = "step.resolved_manually"
    STEP_BEFORE_TRANSITION = "step.before_transition"
    WORKFLOW_TASK_STARTED = "workflow.task_started"
    WORKFLOW_TASK_COMPLETED = "workflow.task_completed"
    WORKFLOW_TASK_FAILED = "workflow.task_failed"
    WORKFLOW_STEP_COMPLETED = "workflow.step_completed"
    WORKFLOW_STEP_FAILED = "workflow.step_failed"
    WORKFLOW_VIABLE_STEPS_DISCOVERED = "workflow.viable_steps_discovered"
    WORKFLOW_NO_VIABLE_STEPS = "workflow.no_viable_steps"
    WORKFLOW_ORCHESTRATION_REQUESTED = "workflow.orchestration_requested"
    WORKFLOW_TASK_FINALIZATION_STARTED = "workflow.task_finalization_started"
    WORKFLOW_TASK_FINALIZATION_COMPLETED = "workflow.task_finalization_completed"
    WORKFLOW_TASK_REENQUEUE_STARTED = "workflow.task_reenqueue_started"
    WORKFLOW_TASK_REENQUEUE_REQUESTED = "workflow.task_reenqueue_requested"
    WORKFLOW_TASK_REENQUEUE_FAILED = "workflow.task_reenqueue_failed"
    WORKFLOW_TASK_REENQUEUE_DELAYED = "workflow.task_reenqueue_delayed"
    WORKFLOW_TASK_STATE_UNCLEAR = "workflow.task_state_unclear"
    WORKFLOW_STEP_EXECUTION_FAILED = "workflow.step_execution_failed"
    WORKFLOW_VIABLE_STEPS_BATCH_READY = "workflow.viable_steps_batch_ready"
    WORKFLOW_STEPS_EXECUTION_STARTED = "workflow.steps_execution_started"
    WORKFLOW_STEPS_EXECUTION_COMPLETED = "workflow.steps_execution_completed"
    OBSERVABILITY_TASK_HANDLE = "observability.task.handle"
    OBSERVABILITY_TASK_ENQUEUE = "observability.task.enqueue"
    OBSERVABILITY_TASK_FINALIZE = "observability.task.finalize"
    OBSERVABILITY_STEP_HANDLE = "observability.step.handle"
    OBSERVABILITY_STEP_FIND_VIABLE = "observability.step.find_viable"
    OBSERVABILITY_STEP_BACKOFF = "observability.step.backoff"
    OBSERVABILITY_STEP_SKIP = "observability.step.skip"
    OBSERVABILITY_STEP_MAX_RETRIES_REACHED = "observability.step.max_retries_reached"
    TASKER_TELEMETRY_CACHE_SYNCED = "tasker.telemetry.cache_synced"
    TASKER_TELEMETRY_EXPORT_REQUESTED = "tasker.telemetry.export_requested"
    TASKER_TELEMETRY_EXPORT_COMPLETED = "tasker.telemetry.export_completed"
    TASKER_TELEMETRY_EXPORT_FAILED = "tasker.telemetry.export_failed"
    TASKER_TELEMETRY_PLUGIN_REGISTERED = "tasker.telemetry.plugin_registered"
    TASKER_TELEMETRY_PLUGIN_UNREGISTERED = "tasker.telemetry.plugin_unregistered"
    HANDLER_REGISTERED = "handler.registered"
    HANDLER_UNREGISTERED = "handler.unregistered"
    HANDLER_VALIDATION_FAILED = "handler.validation_failed"
    PLUGIN_REGISTERED = "plugin.registered"
    PLUGIN_UNREGISTERED = "plugin.unregistered"
    PLUGIN_VALIDATION_FAILED = "plugin.validation_failed"
    SUBSCRIBER_REGISTERED = "subscriber.registered"
    SUBSCRIBER_UNREGISTERED = "subscriber.unregistered"
    SUBSCRIBER_VALIDATION_FAILED = "subscriber.validation_failed"
    REGISTRY_SYNC_REQUESTED = "registry.sync_requested"
    REGISTRY_HEALTH_CHECK = "registry.health_check"
    REGISTRY_STATS_COLLECTED = "registry.stats_collected"
    REGISTRY_CROSS_DISCOVERY = "registry.cross_discovery"
    REGISTRY_COORDINATION_COMPLETE = "registry.coordination_complete"
    RELAY_GAP = "relay.gap"

    def __str__(self) -> str:
        return self.value


#: The names of the keys of each event's payload; those that may be None or absent end in "?".
FIELDS: dict[Event, tuple[str, ...]] = {
    Event.TASK_INITIALIZE_REQUESTED: (
        "task_id",
        "task_name",
        "timestamp",
        "task_context?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "task_type?",
        "event_type?",
        "started_at?",
        "completed_at?",
        "total_execution_duration?",
        "current_execution_duration?",
        "total_steps?",
        "completed_steps?",
        "failed_steps?",
        "pending_steps?",
        "reason?",
        "ready_steps?",
        "in_progress_steps?",
        "completion_percentage?",
        "health_status?",
    ),
    Event.TASK_START_REQUESTED: (
        "task_id",
        "task_name",
        "timestamp",
        "task_context?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "task_type?",
        "event_type?",
        "started_at?",
        "completed_at?",
        "total_execution_duration?",
        "current_execution_duration?",
        "total_steps?",
        "completed_steps?",
        "failed_steps?",
        "pending_steps?",
        "step_count?",
    ),
    Event.TASK_COMPLETED: (
        "task_id",
        "task_name",
        "timestamp",
        "task_context?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "task_type?",
        "event_type?",
        "started_at?",
        "completed_at?",
        "total_execution_duration?",
        "current_execution_duration?",
        "total_steps?",
        "completed_steps?",
        "failed_steps?",
        "pending_steps?",
        "task?",
        "completion_percentage?",
        "health_status?",
    ),
    Event.TASK_FAILED: (
        "timestamp",
        "task_id?",
        "task_name?",
        "task_context?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "task_type?",
        "event_type?",
        "started_at?",
        "completed_at?",
        "total_execution_duration?",
        "current_execution_duration?",
        "total_steps?",
        "completed_steps?",
        "failed_steps?",
        "pending_steps?",
        "error_message?",
        "error_steps?",
        "failed_steps_count?",
        "completion_percentage?",
        "health_status?",
        "initialization_failed?",
    ),
    Event.TASK_RETRY_REQUESTED: (
        "task_id",
        "task_name",
        "timestamp",
        "task_context?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "task_type?",
        "event_type?",
        "started_at?",
        "completed_at?",
        "total_execution_duration?",
        "current_execution_duration?",
        "total_steps?",
        "completed_steps?",
        "failed_steps?",
        "pending_steps?",
        "retry_reason?",
    ),
    Event.TASK_CANCELLED: (
        "task_id",
        "task_name",
        "task_context?",
        "from_state?",
        "to_state",
        "transitioned_at",
        "timestamp",
    ),
    Event.TASK_RESOLVED_MANUALLY: (
        "task_id",
        "task_name",
        "task_context?",
        "from_state?",
        "to_state",
        "transitioned_at",
        "timestamp",
    ),
    Event.TASK_BEFORE_TRANSITION: (
        "task_id",
        "from_state?",
        "to_state",
        "transition_event?",
        "timestamp",
    ),
    Event.STEP_INITIALIZE_REQUESTED: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state",
        "transitioned_at",
    ),
    Event.STEP_EXECUTION_REQUESTED: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "step_inputs?",
        "step_dependencies",
    ),
    Event.STEP_BEFORE_HANDLE: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
    ),
    Event.STEP_HANDLE: (
        "timestamp",
    ),
    Event.STEP_COMPLETED: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "execution_duration",
        "step_results?",
    ),
    Event.STEP_FAILED: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "error_message",
        "error_class?",
        "exception_class",
        "backtrace?",
        "step_results?",
    ),
    Event.STEP_RETRY_REQUESTED: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state?",
        "transitioned_at?",
        "retry_reason",
        "previous_attempts",
        "backoff_strategy",
    ),
    Event.STEP_CANCELLED: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state",
        "transitioned_at",
        "cancellation_reason?",
    ),
    Event.STEP_RESOLVED_MANUALLY: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "from_state?",
        "to_state",
        "transitioned_at",
    ),
    Event.STEP_BEFORE_TRANSITION: (
        "timestamp",
    ),
    Event.WORKFLOW_TASK_STARTED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "correlation_id",
    ),
    Event.WORKFLOW_TASK_COMPLETED: (
        "timestamp",
    ),
    Event.WORKFLOW_TASK_FAILED: (
        "timestamp",
    ),
    Event.WORKFLOW_STEP_COMPLETED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "step_id",
    ),
    Event.WORKFLOW_STEP_FAILED: (
        "timestamp",
    ),
    Event.WORKFLOW_VIABLE_STEPS_DISCOVERED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "step_ids",
        "step_count",
        "processing_mode",
        "viable_count?",
        "step_names?",
    ),
    Event.WORKFLOW_NO_VIABLE_STEPS: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "reason",
        "total_steps_checked?",
    ),
    Event.WORKFLOW_ORCHESTRATION_REQUESTED: (
        "timestamp",
    ),
    Event.WORKFLOW_TASK_FINALIZATION_STARTED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "processed_steps_count",
        "execution_status?",
        "health_status?",
        "completion_percentage?",
        "total_steps?",
        "ready_steps?",
        "failed_steps?",
        "recommended_action?",
    ),
    Event.WORKFLOW_TASK_FINALIZATION_COMPLETED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "processed_steps_count",
        "execution_status?",
        "health_status?",
        "completion_percentage?",
        "total_steps?",
        "ready_steps?",
        "failed_steps?",
        "recommended_action?",
        "final_status",
    ),
    Event.WORKFLOW_TASK_REENQUEUE_STARTED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "reason",
        "current_status",
    ),
    Event.WORKFLOW_TASK_REENQUEUE_REQUESTED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "reason",
    ),
    Event.WORKFLOW_TASK_REENQUEUE_FAILED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "reason",
        "error",
    ),
    Event.WORKFLOW_TASK_REENQUEUE_DELAYED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "reason",
        "delay_seconds",
        "scheduled_for",
    ),
    Event.WORKFLOW_TASK_STATE_UNCLEAR: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "reason",
    ),
    Event.WORKFLOW_STEP_EXECUTION_FAILED: (
        "timestamp",
    ),
    Event.WORKFLOW_VIABLE_STEPS_BATCH_READY: (
        "timestamp",
    ),
    Event.WORKFLOW_STEPS_EXECUTION_STARTED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "step_count",
        "processing_mode",
    ),
    Event.WORKFLOW_STEPS_EXECUTION_COMPLETED: (
        "task_id",
        "event_type",
        "orchestration_event",
        "timestamp",
        "task_name",
        "processed_count",
        "successful_count",
    ),
    Event.OBSERVABILITY_TASK_HANDLE: (
        "timestamp",
    ),
    Event.OBSERVABILITY_TASK_ENQUEUE: (
        "task_id",
        "task_name",
        "task_type",
        "event_type",
        "timestamp",
        "started_at",
        "completed_at?",
        "total_execution_duration?",
        "current_execution_duration?",
        "total_steps",
        "completed_steps",
        "failed_steps",
        "pending_steps",
        "task_context?",
        "job_id?",
        "correlation_id?",
        "queue_name?",
        "attempt?",
    ),
    Event.OBSERVABILITY_TASK_FINALIZE: (
        "timestamp",
    ),
    Event.OBSERVABILITY_STEP_HANDLE: (
        "timestamp",
    ),
    Event.OBSERVABILITY_STEP_FIND_VIABLE: (
        "timestamp",
    ),
    Event.OBSERVABILITY_STEP_BACKOFF: (
        "task_id",
        "step_id",
        "step_name",
        "event_type",
        "timestamp",
        "started_at?",
        "completed_at?",
        "attempt_number",
        "retry_limit?",
        "backoff_seconds",
        "backoff_type",
        "retry_after?",
        "attempt?",
        "calculated_attempt?",
        "base_delay?",
        "multiplier?",
        "jitter_enabled?",
        "jitter_max_percentage?",
    ),
    Event.OBSERVABILITY_STEP_SKIP: (
        "timestamp",
    ),
    Event.OBSERVABILITY_STEP_MAX_RETRIES_REACHED: (
        "timestamp",
    ),
    Event.TASKER_TELEMETRY_CACHE_SYNCED: (
        "strategy",
        "metrics_count",
        "duration_ms",
        "success",
        "timestamp",
    ),
    Event.TASKER_TELEMETRY_EXPORT_REQUESTED: (
        "format",
        "options?",
        "timestamp",
        "export_id?",
        "correlation_id?",
        "include_instances?",
    ),
    Event.TASKER_TELEMETRY_EXPORT_COMPLETED: (
        "format",
        "metrics_count",
        "duration_ms",
        "timestamp",
        "export_id?",
    ),
    Event.TASKER_TELEMETRY_EXPORT_FAILED: (
        "format?",
        "error",
        "timestamp",
        "export_id?",
    ),
    Event.TASKER_TELEMETRY_PLUGIN_REGISTERED: (
        "plugin_name",
        "plugin_class",
        "options",
        "timestamp",
    ),
    Event.TASKER_TELEMETRY_PLUGIN_UNREGISTERED: (
        "plugin_name",
        "plugin_class",
        "timestamp",
    ),
    Event.HANDLER_REGISTERED: (
        "registry_name",
        "entity_type",
        "entity_id",
        "entity_class",
        "options?",
        "registered_at",
        "correlation_id",
        "timestamp",
    ),
    Event.HANDLER_UNREGISTERED: (
        "registry_name",
        "entity_type",
        "entity_id",
        "entity_class",
        "unregistered_at",
        "correlation_id",
        "timestamp",
    ),
    Event.HANDLER_VALIDATION_FAILED: (
        "registry_name",
        "entity_type",
        "entity_class",
        "validation_error",
        "failed_at",
        "correlation_id",
        "timestamp",
    ),
    Event.PLUGIN_REGISTERED: (
        "registry_name",
        "entity_type",
        "entity_id",
        "entity_class",
        "options?",
        "registered_at",
        "correlation_id",
        "timestamp",
    ),
    Event.PLUGIN_UNREGISTERED: (
        "registry_name",
        "entity_type",
        "entity_id",
        "entity_class",
        "unregistered_at",
        "correlation_id",
        "timestamp",
    ),
    Event.PLUGIN_VALIDATION_FAILED: (
        "registry_name",
        "entity_type",
        "entity_class",
        "validation_error",
        "failed_at",
        "correlation_id",
        "timestamp",
    ),
    Event.SUBSCRIBER_REGISTERED: (
        "registry_name",
        "entity_type",
        "entity_id",
        "entity_class",
        "options?",
        "registered_at",
        "correlation_id",
        "timestamp",
    ),
    Event.SUBSCRIBER_UNREGISTERED: (
        "registry_name",
        "entity_type",
        "entity_id",
        "entity_class",
        "unregistered_at",
        "correlation_id",
        "timestamp",
    ),
    Event.SUBSCRIBER_VALIDATION_FAILED: (
        "registry_name",
        "entity_type",
        "entity_class",
        "validation_error",
        "failed_at",
        "correlation_id",
        "timestamp",
    ),
    Event.REGISTRY_SYNC_REQUESTED: (
        "timestamp",
    ),
    Event.REGISTRY_HEALTH_CHECK: (
        "timestamp",
    ),
    Event.REGISTRY_STATS_COLLECTED: (
        "registry_name",
        "stats",
        "collected_at",
        "correlation_id",
        "timestamp",
    ),
    Event.REGISTRY_CROSS_DISCOVERY: (
        "timestamp",
    ),
    Event.REGISTRY_COORDINATION_COMPLETE: (
        "timestamp",
    ),
    Event.RELAY_GAP: (
        "gap_from",
        "gap_to",
        "reason",
        "timestamp",
    ),
}
