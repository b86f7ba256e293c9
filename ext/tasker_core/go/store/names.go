package store

import "context"

// Names are what a task or step is called, and which task a step belongs to.
type Names struct {
	TaskID    int64
	Namespace string
	TaskName  string
	StepName  string
}

const stepNamesSQL = `SELECT array_agg(step.workflow_step_id)::text, array_agg(step.task_id)::text,
  array_agg(namespace.name)::text, array_agg(template.name)::text, array_agg(named.name)::text
FROM tasker_workflow_steps step
JOIN tasker_named_steps named ON named.named_step_id = step.named_step_id
JOIN tasker_tasks task ON task.task_id = step.task_id
JOIN tasker_named_tasks template ON template.named_task_id = task.named_task_id
LEFT JOIN tasker_task_namespaces namespace ON namespace.task_namespace_id = template.task_namespace_id
WHERE step.task_id IN (SELECT task_id FROM tasker_workflow_steps WHERE workflow_step_id = ANY ((SELECT $1)::bigint[]))`

const taskNamesSQL = `SELECT array_agg(task.task_id)::text, array_agg(task.task_id)::text,
  array_agg(namespace.name)::text, array_agg(template.name)::text, array_agg(NULL::text)::text
FROM tasker_tasks task
JOIN tasker_named_tasks template ON template.named_task_id = task.named_task_id
LEFT JOIN tasker_task_namespaces namespace ON namespace.task_namespace_id = template.task_namespace_id
WHERE task.task_id = ANY ((SELECT $1)::bigint[])`

// StepNames reads the names of these steps and of all others of their tasks, by step
// id.
func StepNames(ctx context.Context, driver Driver, stepIDs []int64) (map[int64]Names, error) {
	return namesByID(ctx, driver, Statement{Name: "step_names", SQL: stepNamesSQL, Params: []*string{Ints(stepIDs)}})
}

// TaskNames reads the names of tasks, by task id.
func TaskNames(ctx context.Context, driver Driver, taskIDs []int64) (map[int64]Names, error) {
	return namesByID(ctx, driver, Statement{Name: "task_names", SQL: taskNamesSQL, Params: []*string{Ints(taskIDs)}})
}

func namesByID(ctx context.Context, driver Driver, statement Statement) (map[int64]Names, error) {
	rows, err := driver.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, 5)
	if err != nil || row[0] == nil {
		return nil, err
	}
	d := decoder{row: row}
	ids, tasks, namespaces, taskNames, stepNames := d.ids(), d.ids(), d.texts(), d.texts(), d.texts()
	if d.err != nil {
		return nil, d.err
	}
	if n := len(ids); len(tasks) != n || len(namespaces) != n || len(taskNames) != n || len(stepNames) != n {
		return nil, &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	names := make(map[int64]Names, len(ids))
	for i, id := range ids {
		names[id] = Names{TaskID: tasks[i], Namespace: orEmpty(namespaces[i]), TaskName: orEmpty(taskNames[i]), StepName: orEmpty(stepNames[i])}
	}
	return names, nil
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
