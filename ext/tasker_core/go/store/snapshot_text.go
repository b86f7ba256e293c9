package store

import "strings"

// The text of snapshot.sql and snapshots.sql:
//
//	clock '|' steps '|' pieces ['|' ids names] ['|' ids named_task_ids [versions] states]
//
// steps are entries of numbers, apart by ';': id, of many tasks task_id, where asked for
// row version and named_step_id, then flags, and what of attempts, retry_limit,
// backoff_request_seconds and last_attempted_at is not NULL. A piece is
// '(' [task] '|' edges '|' states ')', of one task or of all: edges are entries of from and
// to, states entries of a step's id and, of a failed one, the time, followed by an array of
// the states themselves. It can hold edges and states of steps that are not meant. Names
// and states are free text, hence arrays, which PostgreSQL quotes.

// Flags of a step as the statements pack them. Those past FlagProcessed say which columns
// are missing in the entry.
const (
	FlagRetryable = 1 << iota
	FlagInProcess
	FlagProcessed
	noAttempts
	noRetryLimit
	noBackoff
)

// snapshotText reads the text into a snapshot.
type snapshotText struct {
	scanner
	parts Part
	// taskID is the task of all steps; nil where each entry has its own.
	taskID   *int64
	snapshot Snapshot
	interned interned
	// The piece that is being read is of one task, or of all; again for the second one of
	// a task whose id was given twice.
	ofOne bool
	one   int64
	again bool
	known map[int64]bool
}

func (t *snapshotText) read() (*Snapshot, error) {
	s := &t.snapshot
	s.Now = t.micros()
	t.expect('|')
	t.steps()
	s.arrange()
	t.expect('|')
	for t.accept('(') {
		t.piece()
		t.expect(')')
	}
	if t.parts.has(WithNames) {
		t.expect('|')
		t.names()
	}
	if t.parts.has(WithTasks) {
		t.expect('|')
		t.tasks()
	}
	if t.at != len(t.text) {
		t.fail("the end")
	}
	return s, t.err
}

func (t *snapshotText) steps() {
	entries := t.text[t.at:]
	if end := strings.IndexByte(entries, '|'); end > 0 {
		t.snapshot.Steps = make([]Step, 0, 1+strings.Count(entries[:end], ";"))
	}
	for t.more('|') {
		t.snapshot.Steps = append(t.snapshot.Steps, t.step())
	}
}

func (t *snapshotText) step() Step {
	step := Step{ID: t.integer()}
	if t.taskID != nil {
		step.TaskID = *t.taskID
	} else {
		step.TaskID = t.field()
	}
	if t.parts.has(WithVersions) {
		step.Version = t.field()
	}
	if t.parts.has(WithNames) {
		step.NamedStepID = t.field()
	}
	flags := t.field()
	step.Flags = flags & (FlagRetryable | FlagInProcess | FlagProcessed)
	step.Attempts = t.fieldUnless(flags & noAttempts)
	step.RetryLimit = t.fieldUnless(flags & noRetryLimit)
	step.BackoffRequestSeconds = t.fieldUnless(flags & noBackoff)
	step.LastAttemptedAt = t.optionalMicros()
	return step
}

// piece reads edges and states, and keeps those of the steps that are meant.
func (t *snapshotText) piece() {
	if t.ofOne = !t.accept('|'); t.ofOne {
		t.one = t.integer()
		t.expect('|')
		if t.known == nil {
			t.known = map[int64]bool{}
		}
		t.again, t.known[t.one] = t.known[t.one], true
	}
	t.edges()
	t.expect('|')
	t.states()
}

// meant gives the place of a step of this piece, and whether it is one.
func (t *snapshotText) meant(stepID int64) (int, bool) {
	place, found := t.snapshot.Index(stepID)
	if found && t.ofOne {
		found = !t.again && t.snapshot.Steps[place].TaskID == t.one
	}
	return place, found
}

func (t *snapshotText) edges() {
	edges := &t.snapshot.Edges
	for t.more('|') {
		parent, child := t.integer(), t.field()
		if _, meant := t.meant(child); meant {
			edges.Parent, edges.Child = append(edges.Parent, parent), append(edges.Child, child)
		}
	}
}

// states reads which steps have one, then the states.
func (t *snapshotText) states() {
	var places []int
	var failedAt []NullInt
	for t.more(')') && t.text[t.at] != '{' {
		place, meant := t.meant(t.integer())
		if !meant {
			place = -1
		}
		places, failedAt = append(places, place), append(failedAt, t.optionalMicros())
	}
	count := 0
	t.keep(elements(t.array(), func(state string, null bool) error {
		if count < len(places) && places[count] >= 0 {
			step := &t.snapshot.Steps[places[count]]
			step.State, step.FailedAt = t.interned.text(state, null), failedAt[count]
		}
		count++
		return nil
	}))
	if count != len(places) {
		t.fail("a state for each step")
	}
}

func (t *snapshotText) names() {
	places := newIndex(t.ids())
	names := t.texts()
	if len(places.ids) != len(names) {
		t.fail("a name for each named step")
		return
	}
	for i := range t.snapshot.Steps {
		step := &t.snapshot.Steps[i]
		if at, found := places.of(step.NamedStepID); found && names[at] != nil {
			step.Name = *names[at]
		}
	}
}

func (t *snapshotText) tasks() {
	ids, named := t.ids(), t.ids()
	versions := make([]int64, len(ids))
	if t.parts.has(WithVersions) {
		versions = t.ids()
	}
	states := t.texts()
	if len(ids) != len(named) || len(ids) != len(versions) || len(ids) != len(states) {
		t.fail("columns of one length")
		return
	}
	t.snapshot.Tasks = make(map[int64]Task, len(ids))
	for i, id := range ids {
		t.snapshot.Tasks[id] = Task{NamedTaskID: named[i], Version: versions[i], State: states[i]}
	}
}

// fieldUnless reads a field, or gives NULL where the flag says that it is missing.
func (t *snapshotText) fieldUnless(missing int64) NullInt {
	if missing != 0 {
		return NullInt{}
	}
	return NullInt{Value: t.field(), Valid: true}
}

func (t *snapshotText) optionalMicros() NullInt {
	if !t.accept(',') {
		return NullInt{}
	}
	return NullInt{Value: t.micros(), Valid: true}
}

// more tells whether another entry follows before the end of a list.
func (t *snapshotText) more(end byte) bool {
	t.accept(';')
	return t.err == nil && t.at < len(t.text) && t.text[t.at] != end
}

// interned holds each text once: a task's steps have few states.
type interned struct{ texts map[string]*string }

func (i *interned) text(value string, null bool) *string {
	if null {
		return nil
	}
	if known := i.texts[value]; known != nil {
		return known
	}
	if i.texts == nil {
		i.texts = map[string]*string{}
	}
	// A copy: the answer's text does not live on with it.
	own := strings.Clone(value)
	i.texts[own] = &own
	return &own
}
