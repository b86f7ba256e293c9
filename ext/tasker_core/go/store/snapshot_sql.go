package store

import (
	_ "embed"
	"strings"
)

//go:embed snapshot.sql
var snapshotTemplate string

//go:embed snapshots.sql
var snapshotsTemplate string

// Part is something that a snapshot can show beside what readiness is decided from.
type Part uint8

// The parts.
const (
	// WithNames are each step's named step with its name, and the time of the last attempt
	// also where no decision needs it.
	WithNames Part = 1 << iota
	// WithVersions are the row versions of the steps, and of the tasks that are asked for.
	WithVersions
	// WithTasks are the tasks themselves.
	WithTasks
	allParts
)

// lastAttempt is when a step was tried last, as Micros reads it.
const lastAttempt = `encode(timestamp_send(step.last_attempted_at), 'hex')`

// stepFlags packs the booleans of a step, and which of the columns behind it are NULL: concat_ws
// leaves those out. The most common combinations come first.
const stepFlags = `CASE WHEN step.retryable AND NOT step.in_process AND NOT step.processed AND step.attempts IS NOT NULL
      AND step.retry_limit IS NOT NULL AND step.backoff_request_seconds IS NULL THEN 33
    ELSE CASE WHEN step.retryable IS FALSE THEN 0 ELSE 1 END
      + CASE WHEN step.in_process THEN 2 ELSE 0 END + CASE WHEN step.processed THEN 4 ELSE 0 END
      + CASE WHEN step.attempts IS NULL THEN 8 ELSE 0 END + CASE WHEN step.retry_limit IS NULL THEN 16 ELSE 0 END
      + CASE WHEN step.backoff_request_seconds IS NULL THEN 32 ELSE 0 END END`

// spanOfSteps tells between which ids the steps lie, and whether those are mostly theirs.
const spanOfSteps = `min(step.workflow_step_id) AS low, max(step.workflow_step_id) AS high,
    max(step.workflow_step_id) - min(step.workflow_step_id) < 4 * count(*) AS dense`

const spanOfNames = `,
    min(step.named_step_id) AS named_low, max(step.named_step_id) AS named_high,
    max(step.named_step_id) - min(step.named_step_id) < 4 * count(*) AS named_dense`

// The planner knows nothing of a range's ends and takes it for a share of the table. The
// LIMIT that limits nothing lets it expect a tenth of that: what it expects of a few ten
// million steps would start the JIT compiler at each execution.
const noLimit = ` LIMIT (SELECT NULL::bigint)`

const (
	edgeText  = `string_agg(concat_ws(',', edge.from_step_id, edge.to_step_id), ';')`
	stateText = `concat(string_agg(concat_ws(',', audit.workflow_step_id,
      CASE WHEN audit.to_state = 'error' THEN encode(timestamp_send(audit.created_at), 'hex') END), ';'),
      array_agg(audit.to_state))`
	nameText = `concat(array_agg(named.named_step_id), array_agg(named.name))`
	taskText = `concat(array_agg(own.task_id), array_agg(own.named_task_id){{task versions}}, array_agg((
      SELECT audit.to_state FROM tasker_task_transitions audit
      WHERE audit.task_id = own.task_id AND audit.most_recent)))`

	edgesInRange = `(SELECT ` + edgeText + ` FROM (
      SELECT from_step_id, to_step_id FROM tasker_workflow_step_edges
      WHERE to_step_id BETWEEN task.low AND task.high` + noLimit + `) AS edge)`
	edgesByID = `(SELECT ` + edgeText + ` FROM tasker_workflow_step_edges edge
      WHERE edge.to_step_id = ANY ({{ids}}))`

	statesInRange = `(SELECT ` + stateText + ` FROM (
      SELECT workflow_step_id, to_state, created_at FROM tasker_workflow_step_transitions
      WHERE most_recent AND workflow_step_id BETWEEN task.low AND task.high` + noLimit + `) AS audit)`
	statesByID = `(SELECT ` + stateText + ` FROM tasker_workflow_step_transitions audit
      WHERE audit.most_recent AND audit.workflow_step_id = ANY ({{ids}}))`

	namedInRange = `(SELECT ` + nameText + ` FROM tasker_named_steps named
      WHERE named.named_step_id BETWEEN task.named_low AND task.named_high)`
	// Each name is looked up once: the steps of many tasks have few.
	namedByID = `(SELECT ` + nameText + ` FROM (SELECT DISTINCT step.named_step_id AS id FROM {{steps}}) AS used
      CROSS JOIN LATERAL (
        SELECT named_step_id, name FROM tasker_named_steps WHERE named_step_id = used.id OFFSET 0) AS named)`
	namesPart = `, '|',
  CASE WHEN task.named_dense THEN ` + namedInRange + ` ELSE ` + namedByID + ` END`

	// The ids of a task's steps, read again where they are needed: few tasks need them.
	idsOf = `ARRAY(SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = `

	stepsOfOne  = `tasker_workflow_steps step WHERE step.task_id = (SELECT $1::bigint)`
	stepsOfMany = `unnest((SELECT $1::bigint[])) AS asked (id)
  JOIN tasker_workflow_steps step ON step.task_id = asked.id`

	taskPart = `, '|',
  (SELECT ` + taskText + ` FROM tasker_tasks own WHERE own.task_id = (SELECT $1::bigint))`
	tasksPart = `, '|',
  (SELECT ` + taskText + ` FROM unnest((SELECT $1::bigint[])) AS asked (id) CROSS JOIN LATERAL (
      SELECT xmin, task_id, named_task_id FROM tasker_tasks WHERE task_id = asked.id OFFSET 0) AS own)`
	versionsOfTasks = `, array_agg(own.xmin::text::bigint)`
)

// The statements by their parts: of one task, and of many.
var (
	snapshotSQL  = everySnapshot(snapshotTemplate, stepsOfOne, idsOf+`(SELECT $1::bigint))`, taskPart)
	snapshotsSQL = everySnapshot(snapshotsTemplate, stepsOfMany, idsOf+`asked.id)`, tasksPart)
)

func everySnapshot(template, steps, ids, tasks string) [allParts]string {
	var texts [allParts]string
	for parts := range allParts {
		sql := strings.NewReplacer(
			"{{columns}}", parts.columns(), "{{span}}", spanOfSteps, "{{named}}", parts.text(WithNames, spanOfNames),
			"{{edges in range}}", edgesInRange, "{{edges by id}}", edgesByID,
			"{{states in range}}", statesInRange, "{{states by id}}", statesByID,
			"{{names}}", parts.text(WithNames, namesPart), "{{tasks}}", parts.text(WithTasks, tasks),
		).Replace(template)
		sql = strings.ReplaceAll(sql, "{{task versions}}", parts.text(WithVersions, versionsOfTasks))
		texts[parts] = compact(strings.NewReplacer("{{steps}}", steps, "{{ids}}", ids).Replace(sql))
	}
	return texts
}

// compact takes comments and indentation out of a statement: a host copies and hashes its
// text at each execution. Strings between quotes hold neither.
func compact(sql string) string {
	var b strings.Builder
	for line := range strings.Lines(sql) {
		line, _, _ = strings.Cut(line, "--")
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line)
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

// has tells whether a part is asked for.
func (p Part) has(part Part) bool { return p&part != 0 }

// text is text where a part is asked for.
func (p Part) text(part Part, text string) string {
	if p.has(part) {
		return text
	}
	return ""
}

// columns are a step's columns behind its ids.
func (p Part) columns() string {
	last := lastAttempt
	if !p.has(WithNames) {
		last = `CASE WHEN step.backoff_request_seconds IS NOT NULL THEN ` + lastAttempt + ` END`
	}
	return p.text(WithVersions, `step.xmin, `) + p.text(WithNames, `step.named_step_id, `) + stepFlags +
		`, step.attempts, step.retry_limit, step.backoff_request_seconds, ` + last
}
