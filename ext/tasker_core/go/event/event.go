package event

// Event is something that happened. It is a value and is not changed after it was
// published.
type Event struct {
	// Sequence numbers the events of a bus from 1, without gaps. The bus gives it.
	Sequence uint64
	// Name is dotted, step.completed for one.
	Name string
	// OccurredAt is in microseconds since 1970 in UTC.
	OccurredAt int64
	// TaskID and StepID are 0 where the event is about none.
	TaskID int64
	StepID int64
	// Namespace, TaskName and StepName are empty where they are not known.
	Namespace string
	TaskName  string
	StepName  string
	// Origin is the bus where the event was published first. Where it is empty, the
	// bus gives its own.
	Origin string
	// Relayed records that other processes were notified already, in the transaction that caused the
	// event.
	Relayed bool
	// Payload is a msgpack map, which the bus does not look into; nil for none.
	Payload []byte
}

// size is what an event takes in memory, roughly.
func (e *Event) size() int {
	return 144 + len(e.Name) + len(e.Namespace) + len(e.TaskName) + len(e.StepName) + len(e.Payload)
}
