package wire

import (
	"bytes"

	"github.com/vmihailenco/msgpack/v5"
)

// maxIDs bounds a list of ids in one call: above it a caller's mistake is more
// likely than a need, and the reply would not fit in memory comfortably.
const maxIDs = 1_000_000

func decodeArguments(raw msgpack.RawMessage, into any) error {
	d := msgpack.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields(true)
	if err := d.Decode(into); err != nil {
		return Errorf(CodeInvalidArgument, "the arguments do not fit the operation: %v", err)
	}
	return nil
}

type taskArguments struct {
	TaskID int64 `msgpack:"task_id"`
}

func checkIDs(name string, ids []int64) error {
	if len(ids) > maxIDs {
		return Errorf(CodeInvalidArgument, "%s has %d ids; at most %d are taken at once, ask in slices", name, len(ids), maxIDs)
	}
	return nil
}
