package wire

import (
	"errors"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/jcoletaylor/tasker_core/go/fault"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// maxIDs bounds a list of ids in one call: above it a caller's mistake is more
// likely than a need, and the reply would not fit in memory comfortably.
const maxIDs = 1_000_000

func decodeArguments(raw msgpack.RawMessage, into any) (err error) {
	defer fault.Recover(&err)
	// msgpack's own decoding would take a list for the arguments in their order.
	if len(raw) == 0 || !isMap(raw[0]) {
		return Errorf(CodeInvalidArgument, "invalid arguments: they must be a map of names")
	}
	if err := msgpackstrict.Decode(raw, into); err != nil {
		return Errorf(CodeInvalidArgument, "invalid arguments: %v", err)
	}
	return nil
}

func isMap(code byte) bool {
	return msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32 || code == msgpcode.Nil
}

// id is an argument that must be given and fit a bigint. msgpack's own decoding
// would take a missing one for 0 and let a large one wrap.
type id struct {
	value int64
	given bool
}

// Wanted is what an id must be.
func (id) Wanted() string { return "an integer" }

// DecodeMsgpack reads an integer, or nil for one that is not given.
func (i *id) DecodeMsgpack(d *msgpack.Decoder) error {
	code, err := d.PeekCode()
	if err != nil {
		return err
	}
	if code == msgpcode.Nil {
		return d.DecodeNil()
	}
	i.value, err = decodeID(d)
	i.given = err == nil
	return err
}

func (i id) of(name string) (int64, error) {
	if !i.given {
		return 0, Errorf(CodeInvalidArgument, "%s is missing; it must be an integer", name)
	}
	return i.value, nil
}

// orNull gives an id that may be left out.
func (i id) orNull() store.NullInt { return store.NullInt{Value: i.value, Valid: i.given} }

// text is an argument that must be given, though it may be empty.
type text struct {
	value string
	given bool
}

// Wanted is the expected type of a string.
func (text) Wanted() string { return "a string" }

// DecodeMsgpack reads a string, or nil if it is missing.
func (t *text) DecodeMsgpack(d *msgpack.Decoder) error {
	code, err := d.PeekCode()
	if err != nil {
		return err
	}
	if code == msgpcode.Nil {
		return d.DecodeNil()
	}
	t.value, err = d.DecodeString()
	t.given = err == nil
	return err
}

func (t text) of(name string) (string, error) {
	if !t.given {
		return "", Errorf(CodeInvalidArgument, "%s is missing; it must be a string", name)
	}
	return t.value, nil
}

// idList is a list of ids; nil where none is given.
type idList []int64

// DecodeMsgpack reads a list of integers, or nil.
func (l *idList) DecodeMsgpack(d *msgpack.Decoder) error {
	list, err := decodeList(d, decodeID)
	*l = list
	return err
}

// check refuses a list that is longer than anybody needs.
func (l idList) check(name string) error {
	if len(l) > maxIDs {
		return Errorf(CodeInvalidArgument, "%s has %d ids; at most %d are accepted at once; split the request", name, len(l), maxIDs)
	}
	return nil
}

// of is a list that must be given, though it may be empty.
func (l idList) of(name string) ([]int64, error) {
	if l == nil {
		return nil, Errorf(CodeInvalidArgument, "%s is missing; it must be a list of integers", name)
	}
	return l, l.check(name)
}

func decodeID(d *msgpack.Decoder) (int64, error) {
	code, err := d.PeekCode()
	if err != nil {
		return 0, err
	}
	switch code {
	case msgpcode.Nil:
		return 0, errors.New("nil is not an id")
	case msgpcode.Uint64:
	default:
		return d.DecodeInt64()
	}
	value, err := d.DecodeUint64()
	if err == nil && value > math.MaxInt64 {
		err = fmt.Errorf("%d is too large for an id", value)
	}
	return int64(value), err
}

type taskArguments struct {
	TaskID id `msgpack:"task_id"`
}

type stepArguments struct {
	StepID id `msgpack:"step_id"`
}
