package event_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/event"
)

func TestTheCatalogueHoldsTheEventsOfTheEngineAndTheCore(t *testing.T) {
	groups := map[event.Group]int{}
	seen := map[string]bool{}
	for _, definition := range event.NewCatalog().Definitions() {
		require.False(t, seen[definition.Name], "%s is there twice", definition.Name)
		seen[definition.Name] = true
		groups[definition.Group]++
		assert.NotEmpty(t, definition.Meaning, definition.Name)
		assert.NotEmpty(t, definition.Fields, definition.Name)
	}
	assert.Equal(t, map[event.Group]int{event.Lifecycle: 45, event.Export: 6, event.Registry: 14, event.CoreGroup: 1}, groups)
}

func TestAFieldHasATypeAndMayBeOptional(t *testing.T) {
	definition, known := event.NewCatalog().Lookup("step.completed")
	require.True(t, known)
	require.True(t, definition.Published)
	fields := map[string]event.Field{}
	for _, field := range definition.Fields {
		fields[field.Name] = field
	}
	assert.Equal(t, event.Field{Name: "step_id", Type: "integer", Meaning: "the step"}, fields["step_id"])
	assert.True(t, fields["step_results"].Optional)
	unpublished, _ := event.NewCatalog().Lookup("workflow.step_failed")
	assert.False(t, unpublished.Published)
}

func TestACustomEventIsFoundAfterTheOthers(t *testing.T) {
	catalog := event.NewCatalog()
	fields := []event.Field{{Name: "order_id", Type: "integer", Meaning: "the order"}}
	require.NoError(t, catalog.Register("order.fulfilled", "An order was fulfilled.", fields))
	require.NoError(t, catalog.Register("order.fulfilled", "An order was fulfilled.", fields), "the same again")
	definition, known := catalog.Lookup("order.fulfilled")
	require.True(t, known)
	want := event.Definition{Name: "order.fulfilled", Group: event.Custom, Meaning: "An order was fulfilled.", Fields: fields, Published: true}
	assert.Equal(t, want, definition)
	list := catalog.Definitions()
	assert.Equal(t, want, list[len(list)-1])
	_, elsewhere := event.NewCatalog().Lookup("order.fulfilled")
	assert.False(t, elsewhere, "catalogues are apart")
}

func TestANameThatCannotBeHadIsRefusedWithItsReason(t *testing.T) {
	catalog := event.NewCatalog()
	require.NoError(t, catalog.Register("order.paid", "An order was paid.", nil))
	for name, reason := range map[string]string{
		"order":                             "joined by a dot",
		"":                                  "joined by a dot",
		".paid":                             "joined by a dot",
		"order.":                            "joined by a dot",
		"order..paid":                       "joined by a dot",
		"order.paid\n":                      "joined by a dot",
		"order paid.now":                    "joined by a dot",
		"order." + strings.Repeat("x", 300): "longer than 200",
		"step.completed":                    "of the engine's events",
		"handler.registered":                "of the engine's events",
		"task.paid":                         "reserved",
		"Workflow.paid":                     "reserved",
		"relay.paid":                        "reserved",
		"order.paid":                        "registered already",
	} {
		err := catalog.Register(name, "Something else.", nil)
		var refused *event.NameError
		require.ErrorAs(t, err, &refused, name)
		assert.Contains(t, err.Error(), reason)
		assert.Contains(t, err.Error(), fmt.Sprintf("%q", name))
	}
}

func TestManyMayRegisterAtOnce(t *testing.T) {
	catalog := event.NewCatalog()
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			assert.NoError(t, catalog.Register(fmt.Sprintf("order.n%d", i%10), "Numbered.", nil))
			_, known := catalog.Lookup(fmt.Sprintf("order.n%d", i%10))
			assert.True(t, known)
			catalog.Definitions()
		})
	}
	group.Wait()
	assert.Len(t, catalog.Definitions(), 66+10)
}

func TestNamesThatTheEngineDoesNotHaveAreFound(t *testing.T) {
	catalog := event.NewCatalog()
	asked := []string{"*", "step.*", "step.completed", "step.complete", "order.paid", "test.paid", "workflow.started", "relay.gap"}
	assert.Equal(t, []string{"step.complete", "workflow.started"}, catalog.Unknown(asked))
}
