package event_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

func TestFiltersMatchPredicates(t *testing.T) {
	happened := event.Event{Name: "step.completed", TaskID: 7, Namespace: "shop", TaskName: "order", StepName: "pay"}
	for _, one := range []struct {
		filter  event.Filter
		matches bool
	}{
		{event.Filter{Names: []string{"*"}, TaskID: 7}, true},
		{event.Filter{Names: []string{"*"}, TaskID: 8}, false},
		{event.Filter{Names: []string{"*"}, Namespace: "shop", TaskName: "order", StepName: "pay"}, true},
		{event.Filter{Names: []string{"*"}, Namespace: "mail"}, false},
		{event.Filter{Names: []string{"*"}, TaskName: "orders"}, false},
		{event.Filter{Names: []string{"*"}, StepName: "ship"}, false},
		{event.Filter{Names: []string{"task.*"}, TaskID: 7}, false},
	} {
		bus := event.NewBus()
		s, err := bus.Subscribe(one.filter, event.Options{})
		require.NoError(t, err)
		require.NoError(t, bus.Offer(happened))
		assert.Equal(t, one.matches, s.Stats().Accepted == 1, "%+v", one.filter)
		s.Release()
	}
}

// TestEventsAreNamedAsInRuby runs the table that Ruby's relay runs as well.
func TestEventsAreNamedAsInRuby(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "spec", "fixtures", "event-names.json"))
	require.NoError(t, err)
	var cases []struct {
		Names []string
		Event string
		Named bool
	}
	require.NoError(t, json.Unmarshal(content, &cases))
	require.NotEmpty(t, cases)
	for _, one := range cases {
		bus := event.NewBus()
		s, err := bus.Subscribe(event.Filter{Names: one.Names}, event.Options{})
		require.NoError(t, err)
		assert.Equal(t, one.Named, bus.Wants(one.Event), "%+v", one)
		s.Release()
	}
}

func TestFiltersAndOptionsThatMeanNothingAreRefused(t *testing.T) {
	bus := event.NewBus()
	for _, names := range [][]string{nil, {""}, {"step*"}, {"*.completed"}, {"st*ep.x"}, {"step.**"}} {
		_, err := bus.Subscribe(event.Filter{Names: names}, event.Options{})
		assert.Error(t, err, "%q", names)
	}
	for _, options := range []event.Options{{WhenFull: "panic"}, {Capacity: -1}, {MaxBytes: -1}} {
		_, err := bus.Subscribe(event.Filter{Names: []string{"*"}}, options)
		assert.Error(t, err, "%+v", options)
	}
	assert.Zero(t, bus.Stats().Subscriptions)
}

func TestOnlyWhatSomebodyNamesIsWanted(t *testing.T) {
	bus := event.NewBus()
	assert.False(t, bus.Wants("step.completed"))
	s, err := bus.Subscribe(event.Filter{Names: []string{"step.*"}, TaskID: 1}, event.Options{WhenFull: queue.DropOldest})
	require.NoError(t, err)
	assert.True(t, bus.Wants("step.completed"))
	assert.False(t, bus.Wants("task.completed"))
	s.Release()
	assert.False(t, bus.Wants("step.completed"))
}

func TestPublishingAllocatesNothing(t *testing.T) {
	bus := event.NewBus()
	for _, policy := range []queue.Policy{queue.DropOldest, queue.Block} {
		s, err := bus.Subscribe(event.Filter{Names: []string{"task.*", "step.completed"}, TaskID: 7}, event.Options{WhenFull: policy})
		require.NoError(t, err)
		defer s.Release()
	}
	events := make([]event.Event, 50)
	for i := range events {
		events[i] = sample(int64(i % 8))
	}
	_, err := bus.Publish(ctx, events...)
	require.NoError(t, err)
	assert.Less(t, testing.AllocsPerRun(20, func() { _, _ = bus.Publish(ctx, events...) }), 1.0)
}
