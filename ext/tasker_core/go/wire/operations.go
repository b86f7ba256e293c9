package wire

import (
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// operations is the table of everything that can be asked.
var operations = map[string]entry{
	"analyze_graph":           handle(analyzeGraph),
	"analyze_templates":       handle(analyzeTemplates),
	"analytics_metrics":       handle(analyticsMetrics),
	"all_steps_complete":      handle(allStepsComplete),
	"await_steps":             handle(awaitSteps),
	"claim_ready_steps":       handle(claimReadySteps),
	"begin_claim":             handle(beginClaim),
	"begin_trace":             handle(beginTrace),
	"claim_state":             handle(claimState),
	"close_session":           handle(closeSession),
	"complete_task":           handle(completeTask),
	"check_schema":            handle(checkSchema),
	"count_answers":           handle(countAnswers),
	"create_task":             handle(createTask),
	"current_step_state":      handle(currentStepState),
	"current_task_state":      handle(currentTaskState),
	"dependency_levels":       handle(dependencyLevels),
	"draw":                    handle(draw),
	"event_catalog":           handle(eventCatalog),
	"event_stats":             handle(eventStats),
	"finalize_task":           handle(finalizeTask),
	"finish_claim":            handle(finishClaim),
	"first_statements":        handle(firstStatements),
	"flush_spans":             handle(flushSpans),
	"function_versions":       handle(functionVersions),
	"install_schema":          handle(installSchema),
	"log_lines":               handle(logLines),
	"open_session":            handle(openSession),
	"ping":                    handle(ping),
	"ping_database":           handle(pingDatabase),
	"predict_transition":      handle(predictTransition),
	"publish_events":          handle(publishEvents),
	"readiness_version":       handle(readinessVersion),
	"register_event":          handle(registerEvent),
	"renew_claims":            handle(renewClaims),
	"record_spans":            handle(recordSpans),
	"relay_stats":             handle(relayStats),
	"reset_stuck":             handle(resetStuck),
	"session_claim":           handle(sessionClaim),
	"session_context":         handle(sessionContext),
	"session_finish":          handle(sessionFinish),
	"session_next":            handle(sessionNext),
	"session_refresh":         handle(sessionRefresh),
	"session_retry":           handle(sessionRetry),
	"session_rolled_back":     handle(sessionRolledBack),
	"session_settle":          handle(sessionSettle),
	"session_stats":           handle(sessionStats),
	"slowest_steps":           handle(slowestSteps),
	"slowest_tasks":           handle(slowestTasks),
	"stats":                   handle(stats),
	"stats_text":              handle(statsText),
	"step_dag":                handle(stepDAG),
	"step_dependencies_met":   handle(stepDependenciesMet),
	"step_readiness":          handle(stepReadiness),
	"step_readiness_batch":    handle(stepReadinessBatch),
	"stuck_steps":             handle(stuckSteps),
	"stuck_tasks":             handle(stuckTasks),
	"subscribe":               handle(subscribe),
	"system_health_counts":    handle(systemHealthCounts),
	"task_execution_context":  handle(taskExecutionContext),
	"task_execution_contexts": handle(taskExecutionContexts),
	"task_progress":           handle(taskProgress),
	"transition_step":         handle(transitionStep),
	"transition_steps":        handle(transitionSteps),
	"transition_task":         handle(transitionTask),
	"unsubscribe":             handle(unsubscribe),
	"viable_steps":            handle(viableSteps),
}

// ping is a sign of life of the core alone.
func ping(call, struct{}) (any, error) { return "pong", nil }

// pingDatabase is one of the database, by a statement that needs no table.
func pingDatabase(c call, _ struct{}) (any, error) {
	if _, err := c.driver.Query(c.ctx, store.Ping); err != nil {
		return nil, err
	}
	return "pong", nil
}

func installSchema(c call, _ struct{}) (any, error) {
	return operation.InstallSchema(c.ctx, c.driver)
}

type graphArguments struct {
	taskArguments
	mustExist
}

func dependencyLevels(c call, a graphArguments) (any, error) {
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	rows, err := operation.DependencyLevels(c.ctx, c.driver, taskID)
	if err != nil {
		return nil, err
	}
	t := NewTable(len(rows))
	t.Int("workflow_step_id", func(i int) (int64, bool) { return rows[i].StepID, true })
	t.Int("dependency_level", func(i int) (int64, bool) { return int64(rows[i].Level), true })
	return t, a.check(c, taskID, len(rows))
}

func stepDAG(c call, a graphArguments) (any, error) {
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	rows, err := operation.StepDAG(c.ctx, c.driver, taskID)
	if err != nil {
		return nil, err
	}
	t := NewTable(len(rows))
	t.Int("workflow_step_id", func(i int) (int64, bool) { return rows[i].StepID, true })
	t.Int("task_id", func(i int) (int64, bool) { return rows[i].TaskID, true })
	t.Int("named_step_id", func(i int) (int64, bool) { return rows[i].NamedStepID, true })
	t.IDs("parent_step_ids", func(i int) []int64 { return rows[i].ParentIDs })
	t.IDs("child_step_ids", func(i int) []int64 { return rows[i].ChildIDs })
	t.Int("parent_count", func(i int) (int64, bool) { return int64(rows[i].ParentCount), true })
	t.Int("child_count", func(i int) (int64, bool) { return int64(rows[i].ChildCount), true })
	t.Bool("is_root_step", func(i int) bool { return rows[i].IsRoot })
	t.Bool("is_leaf_step", func(i int) bool { return rows[i].IsLeaf })
	t.Int("min_depth_from_root", func(i int) (int64, bool) { return int64(rows[i].MinDepth), rows[i].MinDepth >= 0 })
	return t, a.check(c, taskID, len(rows))
}
