package schema

import "strings"

// ViewName is the view over the graph of the steps.
const ViewName = "tasker_step_dag_relationships"

// Signatures of the engine's nine functions, as PostgreSQL's to_regprocedure reads them.
const (
	ReadinessFunction        = "get_step_readiness_status(bigint, bigint[])"
	ReadinessBatchFunction   = "get_step_readiness_status_batch(bigint[])"
	ContextFunction          = "get_task_execution_context(bigint)"
	ContextBatchFunction     = "get_task_execution_contexts_batch(bigint[])"
	DependencyLevelsFunction = "calculate_dependency_levels(bigint)"
	SystemHealthFunction     = "get_system_health_counts_v01()"
	AnalyticsMetricsFunction = "get_analytics_metrics_v01(timestamp with time zone)"
	SlowestStepsFunction     = "get_slowest_steps_v01(timestamp with time zone, integer, text, text, text)"
	SlowestTasksFunction     = "get_slowest_tasks_v01(timestamp with time zone, integer, text, text, text)"
)

// FunctionSignatures lists the nine functions in the order in which they are installed.
func FunctionSignatures() []string {
	return []string{
		ReadinessFunction, ReadinessBatchFunction,
		ContextBatchFunction, ContextFunction,
		DependencyLevelsFunction,
		SystemHealthFunction, AnalyticsMetricsFunction,
		SlowestStepsFunction, SlowestTasksFunction,
	}
}

func functionName(signature string) string {
	name, _, _ := strings.Cut(signature, "(")
	return name
}

// literals renders names as a list of SQL literals. The names are constants of this
// package, none of which has a quote.
func literals(names []string) string {
	return "'" + strings.Join(names, "', '") + "'"
}
