package event

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

// The elements of an event as hosts get it, and as they publish it.
const (
	deliveredElements = 10
	publishedElements = 8
)

// Encode writes an event in the form for hosts: [sequence, name, occurred_at, task_id, step_id,
// namespace, task_name, step_name, origin, payload]. Missing ids are 0 and missing strings are
// empty. The payload is binary, so that a host decodes it only on use, or nil.
func Encode(to *msgpack.Encoder, e *Event) error {
	return cmp.Or(to.EncodeArrayLen(deliveredElements),
		to.EncodeUint(e.Sequence), to.EncodeString(e.Name), to.EncodeInt(e.OccurredAt),
		to.EncodeInt(e.TaskID), to.EncodeInt(e.StepID),
		to.EncodeString(e.Namespace), to.EncodeString(e.TaskName), to.EncodeString(e.StepName),
		to.EncodeString(e.Origin), to.EncodeBytes(e.Payload))
}

// Decode reads what Encode wrote.
func Decode(data []byte) (e Event, err error) {
	source := bytes.NewReader(data)
	d := msgpack.NewDecoder(source)
	if err := arrayOf(d, deliveredElements); err != nil {
		return Event{}, fmt.Errorf("an event: %w", err)
	}
	err = d.DecodeMulti(&e.Sequence, &e.Name, &e.OccurredAt, &e.TaskID, &e.StepID, &e.Namespace, &e.TaskName, &e.StepName,
		&e.Origin, &e.Payload)
	return e, cmp.Or(err, end(source))
}

// DecodeAll reads events as hosts publish them: a list of [name, occurred_at, task_id,
// step_id, namespace, task_name, step_name, payload], where everything but the name
// may be nil and the payload is a map. The bytes are not kept.
func DecodeAll(data []byte) ([]Event, error) {
	source := bytes.NewReader(data)
	d := msgpack.NewDecoder(source)
	count, err := d.DecodeArrayLen()
	if err != nil || count < 0 {
		return nil, cmp.Or(err, errors.New("a list of events was expected, not nil"))
	}
	// An event takes 9 bytes at least: a length that the bytes do not hold costs no memory.
	events := make([]Event, 0, min(count, len(data)/9+1))
	for i := range count {
		e, err := decodePublished(d)
		if err != nil {
			if count == 1 {
				return nil, fmt.Errorf("the event's %w", err)
			}
			return nil, fmt.Errorf("event %d of the list: %w", i, err)
		}
		events = append(events, e)
	}
	return events, end(source)
}

func decodePublished(d *msgpack.Decoder) (e Event, err error) {
	if err := arrayOf(d, publishedElements); err != nil {
		return e, err
	}
	for i, into := range []any{&e.Name, &e.OccurredAt, &e.TaskID, &e.StepID, &e.Namespace, &e.TaskName, &e.StepName} {
		if err := decodeField(d, published[i], into); err != nil {
			return e, err
		}
	}
	if e.Name == "" {
		return e, errors.New("it has no name")
	}
	e.Payload, err = decodePayload(d)
	return e, err
}

// published are the names of what precedes the payload.
var published = [...]string{"name", "occurred_at", "task_id", "step_id", "namespace", "task_name", "step_name"}

// decodeField says by name what is no text, or no integer.
func decodeField(d *msgpack.Decoder, name string, into any) error {
	code, err := d.PeekCode()
	if err != nil {
		return err
	}
	wanted := "a string"
	if number, ok := into.(*int64); ok {
		wanted, err = "an integer", decodeInt(d, code, number)
	} else {
		err = d.Decode(into)
	}
	if err != nil && !errors.Is(err, errTooLarge) {
		return fmt.Errorf("%s is %s; it must be %s", name, msgpackstrict.Given(code), wanted)
	}
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

var errTooLarge = errors.New("is larger than a bigint")

// decodeInt refuses what the library would wrap around.
func decodeInt(d *msgpack.Decoder, code byte, into *int64) error {
	if code != msgpcode.Uint64 {
		return d.Decode(into)
	}
	value, err := d.DecodeUint64()
	if value > math.MaxInt64 {
		return errTooLarge
	}
	*into = int64(value)
	return err
}

func decodePayload(d *msgpack.Decoder) ([]byte, error) {
	code, err := d.PeekCode()
	switch {
	case err != nil:
		return nil, err
	case code == msgpcode.Nil:
		return nil, d.DecodeNil()
	case !msgpcode.IsFixedMap(code) && code != msgpcode.Map16 && code != msgpcode.Map32:
		return nil, fmt.Errorf("its payload is not a map, but of code %#x", code)
	}
	return d.DecodeRaw()
}

func arrayOf(d *msgpack.Decoder, elements int) error {
	count, err := d.DecodeArrayLen()
	if err == nil && count != elements {
		err = fmt.Errorf("it has %d elements, not %d", count, elements)
	}
	return err
}

func end(source *bytes.Reader) error {
	if source.Len() > 0 {
		return fmt.Errorf("%d bytes follow the last event", source.Len())
	}
	return nil
}
