package event

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// The elements of an event as hosts get it, and as they publish it.
const (
	deliveredElements = 10
	publishedElements = 8
)

// Encode writes an event as hosts get it: [sequence, name, occurred_at, task_id,
// step_id, namespace, task_name, step_name, origin, payload], where ids are 0 and
// texts empty for none, and the payload is binary, so that a host unpacks it only
// where somebody asks for it, or nil.
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
	if err := cmp.Or(d.Decode(&e.Name), decodeInt(d, &e.OccurredAt), decodeInt(d, &e.TaskID), decodeInt(d, &e.StepID),
		d.DecodeMulti(&e.Namespace, &e.TaskName, &e.StepName)); err != nil {
		return e, err
	}
	if e.Name == "" {
		return e, errors.New("it has no name")
	}
	e.Payload, err = decodePayload(d)
	return e, err
}

// decodeInt refuses what the library would wrap around.
func decodeInt(d *msgpack.Decoder, into *int64) error {
	code, err := d.PeekCode()
	if err != nil || code != msgpcode.Uint64 {
		return cmp.Or(err, d.Decode(into))
	}
	value, err := d.DecodeUint64()
	if value > math.MaxInt64 {
		return fmt.Errorf("%d is too large", value)
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
		return nil, fmt.Errorf("its payload is no map, but of code %#x", code)
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
