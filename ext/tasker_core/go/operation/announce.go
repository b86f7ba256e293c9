package operation

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Change is a state that a task or step got, to be announced on the bus.
type Change struct {
	Machine lifecycle.Machine
	ID      int64
	From    string
	To      string
	// Event is the name of the event.
	Event string
	// Names are nil where they have to be looked up.
	Names *store.Names
	// Fields are the payload of an event without a transition; otherwise they are nil.
	Fields func() map[string]any
}

// Changes are what one call writes, noted by the operations while they write.
type Changes struct {
	list []Change
	// relayed are the events of the first of them, which were sent to other processes: these
	// hear of them when the transaction is committed.
	relayed []event.Event
}

type changesKey struct{}

// NoteChanges gives a context in which operations note what they write.
func NoteChanges(ctx context.Context) (context.Context, *Changes) {
	changes := &Changes{}
	return context.WithValue(ctx, changesKey{}, changes), changes
}

func note(ctx context.Context, change Change) {
	if changes, noted := ctx.Value(changesKey{}).(*Changes); noted {
		changes.list = append(changes.list, change)
	}
}

// noteStep notes what a claim or an outcome made of a step.
func noteStep(ctx context.Context, stepID int64, from, to string) {
	note(ctx, Change{Machine: lifecycle.Step, ID: stepID, From: from, To: to, Event: lifecycle.Step.Event(from, to)})
}

// Relaying gives a driver that sends the changes of a transaction to other processes, as the
// last thing before it is committed.
func (c *Core) Relaying(driver store.Transactor, changes *Changes) store.Transactor {
	return relaying{Transactor: driver, core: c, changes: changes}
}

type relaying struct {
	store.Transactor
	core    *Core
	changes *Changes
}

// WithTransaction sends the changes where the work was done without an error.
func (t relaying) WithTransaction(ctx context.Context, do func(store.Driver) error) error {
	return t.Transactor.WithTransaction(ctx, func(driver store.Driver) error {
		if err := do(driver); err != nil {
			return err
		}
		return t.core.relay(ctx, driver, t.changes)
	})
}

func (c *Core) relay(ctx context.Context, driver store.Driver, changes *Changes) error {
	fresh := changes.list[len(changes.relayed):]
	if len(fresh) == 0 || !c.Relay.sends() {
		return nil
	}
	events := c.events(ctx, driver, fresh)
	err := c.Relay.notify(ctx, driver, events)
	changes.relayed = append(changes.relayed, events...)
	return err
}

const lookUpTime = time.Second

// Announce publishes committed changes. They are valid even if the caller gives up: if it stops
// waiting for a full subscription, that subscription counts the remaining events as dropped, and no
// caller waits long for names.
func (c *Core) Announce(ctx context.Context, changes *Changes) {
	if len(changes.list) == 0 {
		return
	}
	lookUp, cancel := context.WithTimeout(ctx, lookUpTime)
	events := append(changes.relayed, c.events(lookUp, c.Pool, changes.list[len(changes.relayed):])...)
	cancel()
	if published, err := c.Bus.Publish(ctx, events...); err != nil {
		// The bus is closed, or the caller gave up.
		_ = c.Bus.Offer(events[published:]...)
	}
}

// events builds events from changes. Names are looked up if there are subscriptions to such events,
// once for all steps of a task; events whose names are not available have none.
func (c *Core) events(ctx context.Context, driver store.Driver, changes []Change) []event.Event {
	var names map[lifecycle.Machine]map[int64]store.Names
	wanted := slices.ContainsFunc(changes, func(change Change) bool { return c.Bus.Wants(change.Event) })
	if wanted {
		names = map[lifecycle.Machine]map[int64]store.Names{
			lifecycle.Step: c.stepNames.of(ctx, driver, ids(changes, lifecycle.Step)),
			lifecycle.Task: c.taskNames.of(ctx, driver, ids(changes, lifecycle.Task)),
		}
	}
	now := time.Now()
	events := make([]event.Event, len(changes))
	for i, change := range changes {
		known := names[change.Machine][change.ID]
		if change.Names != nil {
			known = *change.Names
		}
		events[i] = change.event(now, known)
		if wanted {
			events[i].Payload = change.payload(now, &events[i])
		}
	}
	return events
}

func ids(changes []Change, machine lifecycle.Machine) []int64 {
	var list []int64
	for _, change := range changes {
		if change.Machine == machine && change.Names == nil {
			list = append(list, change.ID)
		}
	}
	return list
}

func (change Change) event(now time.Time, names store.Names) event.Event {
	e := event.Event{Name: change.Event, OccurredAt: now.UnixMicro(), TaskID: names.TaskID,
		Namespace: names.Namespace, TaskName: names.TaskName, StepName: names.StepName}
	if change.Machine == lifecycle.Task {
		e.TaskID = change.ID
	} else {
		e.StepID = change.ID
	}
	return e
}

// payload holds the fields of the catalogue that are known without asking.
func (change Change) payload(now time.Time, e *event.Event) []byte {
	packed, err := msgpack.Marshal(change.fields(now, e))
	if err != nil {
		panic(err) // texts and numbers can always be packed
	}
	return packed
}

func (change Change) fields(now time.Time, e *event.Event) map[string]any {
	if change.Fields != nil {
		return change.Fields()
	}
	fields := map[string]any{"task_id": e.TaskID, "from_state": change.From, "to_state": change.To,
		"timestamp": now.UTC().Format("2006-01-02T15:04:05.000000Z")}
	if change.Machine == lifecycle.Step {
		fields["step_id"], fields["step_name"] = e.StepID, e.StepName
	} else {
		fields["namespace"], fields["task_name"] = e.Namespace, e.TaskName
	}
	return fields
}

// maxNames bounds the cache; beyond it, the cache is cleared and filled again.
const maxNames = 100_000

// nameMemory remembers names, which never change.
type nameMemory struct {
	read  func(context.Context, store.Driver, []int64) (map[int64]store.Names, error)
	mutex sync.Mutex
	known map[int64]store.Names
}

func newNameMemory(read func(context.Context, store.Driver, []int64) (map[int64]store.Names, error)) *nameMemory {
	return &nameMemory{read: read, known: make(map[int64]store.Names)}
}

// of gives the names of those ids whose names can be had.
func (m *nameMemory) of(ctx context.Context, driver store.Driver, ids []int64) map[int64]store.Names {
	names, missing := m.recall(ids)
	if len(missing) == 0 {
		return names
	}
	read, err := m.read(ctx, driver, missing)
	if err != nil {
		return names
	}
	maps.Copy(names, read)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if len(m.known)+len(read) > maxNames {
		clear(m.known)
	}
	maps.Copy(m.known, read)
	return names
}

func (m *nameMemory) recall(ids []int64) (names map[int64]store.Names, missing []int64) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	names = make(map[int64]store.Names, len(ids))
	for _, id := range ids {
		if known, found := m.known[id]; found {
			names[id] = known
		} else {
			missing = append(missing, id)
		}
	}
	return names, missing
}
