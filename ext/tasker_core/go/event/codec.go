package event

import (
	"bytes"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/pack"
)

// The elements of an event as hosts get it, and as they publish it.
const (
	deliveredElements = 10
	publishedElements = 8
)

// Append adds an event as hosts get it: [sequence, name, occurred_at, task_id,
// step_id, namespace, task_name, step_name, origin, payload], where ids are 0 and
// texts empty for none, and the payload is binary, so that a host unpacks it only
// where somebody asks for it, or nil.
func Append(to []byte, e *Event) []byte {
	to = pack.AppendArray(to, deliveredElements)
	to = pack.AppendUint(to, e.Sequence)
	to = pack.AppendText(to, e.Name)
	to = pack.AppendInt(to, e.OccurredAt)
	to = pack.AppendInt(to, e.TaskID)
	to = pack.AppendInt(to, e.StepID)
	to = pack.AppendText(to, e.Namespace)
	to = pack.AppendText(to, e.TaskName)
	to = pack.AppendText(to, e.StepName)
	to = pack.AppendText(to, e.Origin)
	if e.Payload == nil {
		return pack.AppendNil(to)
	}
	return pack.AppendBinary(to, e.Payload)
}

// Decode reads what Append wrote.
func Decode(data []byte) (Event, error) {
	r := pack.NewReader(data)
	if n := r.Array(); n != deliveredElements && r.Err() == nil {
		return Event{}, fmt.Errorf("an event has %d elements, not %d", n, deliveredElements)
	}
	e := Event{Sequence: uint64(r.Int()), Name: string(r.Bytes()), OccurredAt: r.Int(), TaskID: r.Int(), StepID: r.Int(),
		Namespace: string(r.Bytes()), TaskName: string(r.Bytes()), StepName: string(r.Bytes()), Origin: string(r.Bytes()),
		Payload: bytes.Clone(r.Bytes())}
	return e, r.End()
}

// DecodeAll reads events as hosts publish them: a list of [name, occurred_at, task_id,
// step_id, namespace, task_name, step_name, payload], where everything but the name
// may be nil and the payload is a map. The bytes are not kept.
func DecodeAll(data []byte) ([]Event, error) {
	r := pack.NewReader(data)
	count := r.Array()
	// An event takes 9 bytes at least: a length that the bytes do not hold costs no memory.
	events := make([]Event, 0, min(count, len(data)/9+1))
	texts := make(intern)
	for i := range count {
		if n := r.Array(); n != publishedElements && r.Err() == nil {
			return nil, fmt.Errorf("event %d of the list has %d elements, not %d", i, n, publishedElements)
		}
		e := Event{Name: texts.of(r.Bytes()), OccurredAt: r.Int(), TaskID: r.Int(), StepID: r.Int(),
			Namespace: texts.of(r.Bytes()), TaskName: texts.of(r.Bytes()), StepName: texts.of(r.Bytes()),
			Payload: bytes.Clone(r.Map())}
		switch {
		case r.Err() != nil:
			return nil, fmt.Errorf("event %d of the list: %w", i, r.Err())
		case e.Name == "":
			return nil, fmt.Errorf("event %d of the list has no name", i)
		}
		events = append(events, e)
	}
	return events, r.End()
}

// intern gives equal texts of one batch one string.
type intern map[string]string

func (t intern) of(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	known, found := t[string(text)]
	if !found {
		known = string(text)
		t[known] = known
	}
	return known
}
