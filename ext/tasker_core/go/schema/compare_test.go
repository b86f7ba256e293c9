package schema_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/jcoletaylor/tasker_core/go/schema"
)

func TestEachDifferenceIsFoundByName(t *testing.T) {
	const context = "get_task_execution_context"
	cases := []struct {
		change string
		kind   schema.Kind
		object string
	}{
		{"DROP TABLE tasker_task_annotations", schema.MissingTable, "tasker_task_annotations"},
		{"ALTER TABLE tasker_tasks DROP COLUMN reason", schema.MissingColumn, "tasker_tasks.reason"},
		{"ALTER TABLE tasker_tasks ALTER initiator TYPE text", schema.ColumnType, "tasker_tasks.initiator"},
		{"ALTER TABLE tasker_workflow_steps ALTER retry_limit SET DEFAULT 5", schema.ColumnDefault, "tasker_workflow_steps.retry_limit"},
		{"ALTER TABLE tasker_workflow_steps ALTER retry_limit DROP DEFAULT", schema.ColumnDefault, "tasker_workflow_steps.retry_limit"},
		{"ALTER TABLE tasker_workflow_steps ALTER attempts SET DEFAULT 0", schema.ColumnDefault, "tasker_workflow_steps.attempts"},
		{"ALTER TABLE tasker_tasks ALTER complete DROP NOT NULL", schema.ColumnNullability, "tasker_tasks.complete"},
		{"DROP INDEX tasks_tags_idx", schema.MissingIndex, "tasks_tags_idx"},
		{"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tasks_tags_idx'::regclass", schema.MissingIndex, "tasks_tags_idx"},
		{"DROP INDEX tasks_tags_idx; CREATE INDEX tasks_tags_idx ON tasker_tasks (reason)", schema.IndexDefinition, "tasks_tags_idx"},
		{"ALTER TABLE tasker_tasks DROP CONSTRAINT tasks_named_task_id_foreign", schema.MissingConstraint, "tasks_named_task_id_foreign"},
		{"ALTER TABLE tasker_tasks DROP CONSTRAINT tasks_named_task_id_foreign, ADD CONSTRAINT tasks_named_task_id_foreign CHECK (named_task_id > 0)", schema.ConstraintChanged, "tasks_named_task_id_foreign"},
		{"DROP VIEW tasker_step_dag_relationships", schema.MissingView, "tasker_step_dag_relationships"},
		{"ALTER VIEW tasker_step_dag_relationships RENAME parent_count TO parents", schema.MissingViewColumn, "tasker_step_dag_relationships.parent_count"},
		{"DROP VIEW tasker_step_dag_relationships; CREATE VIEW tasker_step_dag_relationships AS SELECT workflow_step_id::text, task_id, named_step_id, '[]'::jsonb AS parent_step_ids, '[]'::jsonb AS child_step_ids, 0::bigint AS parent_count, 0::bigint AS child_count, true AS is_root_step, true AS is_leaf_step, 0 AS min_depth_from_root FROM tasker_workflow_steps", schema.ViewColumnType, "tasker_step_dag_relationships.workflow_step_id"},
		{"DROP FUNCTION get_task_execution_context(bigint)", schema.MissingFunction, context},
		{"DROP FUNCTION get_task_execution_context(bigint); CREATE FUNCTION get_task_execution_context(bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1'", schema.FunctionSignature, context},
	}
	conn := installedDatabase(t)
	for _, one := range cases {
		t.Run(one.change, func(t *testing.T) {
			inTransaction(t, conn, func() {
				exec(t, conn, one.change)
				found := harmful(schema.Compare(schema.Expected(), readCatalog(t, conn)))
				if assert.Len(t, found, 1) {
					assert.Equal(t, one.kind, found[0].Kind)
					assert.Equal(t, one.object, found[0].Object)
					assert.Contains(t, found[0].String(), one.object)
				}
			})
		})
	}
}

func TestWhatTheApplicationAddedIsHarmless(t *testing.T) {
	cases := map[string]string{
		"ALTER TABLE tasker_tasks ADD tenant_id bigint":                                               "tasker_tasks.tenant_id",
		"CREATE INDEX tasks_by_reason ON tasker_tasks (reason)":                                       "tasks_by_reason",
		"ALTER TABLE tasker_tasks ADD CONSTRAINT named CHECK (reason <> '')":                          "named",
		"CREATE TABLE tasker_reports (id bigint)":                                                     "tasker_reports",
		"CREATE VIEW tasker_overview AS SELECT 1 AS one":                                              "tasker_overview",
		"CREATE FUNCTION get_task_execution_context(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'": "get_task_execution_context",
	}
	conn := installedDatabase(t)
	for change, object := range cases {
		t.Run(change, func(t *testing.T) {
			inTransaction(t, conn, func() {
				exec(t, conn, change)
				found := schema.Compare(schema.Expected(), readCatalog(t, conn))
				if assert.Len(t, found, 1) {
					assert.True(t, found[0].Harmless())
					assert.Equal(t, object, found[0].Object)
				}
			})
		})
	}
}

func TestTablesThatTheApplicationDoesNotCallTaskerAreIgnored(t *testing.T) {
	conn := installedDatabase(t)
	exec(t, conn, "CREATE TABLE orders (id bigint)")
	assert.Empty(t, schema.Compare(schema.Expected(), readCatalog(t, conn)))
}

func TestAnEmptyDatabaseLacksEverything(t *testing.T) {
	found := schema.Compare(schema.Expected(), readCatalog(t, emptyDatabase(t)))
	kinds := map[schema.Kind]int{}
	for _, difference := range found {
		kinds[difference.Kind]++
	}
	assert.Equal(t, map[schema.Kind]int{
		schema.MissingTable: 13, schema.MissingView: 1, schema.MissingFunction: 9,
	}, kinds)
}

func TestDefinitionsThatAreWrittenDifferentlyButMeanTheSameAreEqual(t *testing.T) {
	conn := installedDatabase(t)
	exec(t, conn, "DROP INDEX index_step_transitions_completed_parents")
	exec(t, conn, `CREATE INDEX index_step_transitions_completed_parents
		ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
		WHERE to_state IN ('complete', 'resolved_manually') AND most_recent = true`)
	assert.Empty(t, schema.Compare(schema.Expected(), readCatalog(t, conn)))
}

func TestTextThatIsNoCatalogueIsRefused(t *testing.T) {
	_, err := schema.ParseCatalog([]byte(`{"tables": 1}`))
	assert.ErrorContains(t, err, "catalogue cannot be read")
}

func harmful(found []schema.Difference) []schema.Difference {
	var kept []schema.Difference
	for _, difference := range found {
		if !difference.Harmless() {
			kept = append(kept, difference)
		}
	}
	return kept
}
