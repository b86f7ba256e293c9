package lifecycle

// pair is a transition; from is empty where the engine's maps have nil, that is
// where no earlier state is known.
type pair struct{ from, to string }

// Names of the events of transitions, without the machine's prefix.
const (
	initializeRequested = "initialize_requested"
	startRequested      = "start_requested"
	executionRequested  = "execution_requested"
	retryRequested      = "retry_requested"
	completed           = "completed"
	failed              = "failed"
	cancelled           = "cancelled"
	resolvedManually    = "resolved_manually"
	beforeTransition    = "before_transition"
)

// events gives the event of each pair that the engine's map of the machine has;
// start is the machine's word for becoming in_progress.
func events(start string) map[pair]string {
	return map[pair]string{
		{"", Pending}:             initializeRequested,
		{"", InProgress}:          start,
		{"", Complete}:            completed,
		{"", Error}:               failed,
		{"", Cancelled}:           cancelled,
		{"", ResolvedManually}:    resolvedManually,
		{Pending, InProgress}:     start,
		{Pending, Error}:          failed,
		{Pending, Cancelled}:      cancelled,
		{InProgress, Complete}:    completed,
		{InProgress, Error}:       failed,
		{InProgress, Cancelled}:   cancelled,
		{Error, Pending}:          retryRequested,
		{Error, ResolvedManually}: resolvedManually,
	}
}

var (
	stepEvents = withStepOnly(events(executionRequested))
	taskEvents = withTaskOnly(events(startRequested))
)

func withStepOnly(shared map[pair]string) map[pair]string {
	shared[pair{Pending, ResolvedManually}] = resolvedManually
	return shared
}

func withTaskOnly(shared map[pair]string) map[pair]string {
	shared[pair{InProgress, Pending}] = initializeRequested
	shared[pair{Complete, Cancelled}] = cancelled
	shared[pair{ResolvedManually, Cancelled}] = cancelled
	return shared
}

// Event gives the full name of the event that the engine's map has for a
// transition, "step.retry_requested" say, or an empty string where the map has
// none. An empty from stands for "no earlier state known".
func (m Machine) Event(from, to string) string {
	table := stepEvents
	if m == Task {
		table = taskEvents
	}
	name, known := table[pair{from, to}]
	if !known {
		return ""
	}
	return m.String() + "." + name
}

// PublishedEvent gives the event that the engine publishes after a transition
// to the given state. Its audit rows carry no from_state, so the state before
// makes no difference.
func (m Machine) PublishedEvent(to string) string { return m.Event("", to) }

// BeforeEvent gives the event that the engine publishes before it writes any
// transition, or an empty string for the step machine, which publishes none.
func (m Machine) BeforeEvent() string {
	if m == Task {
		return "task." + beforeTransition
	}
	return ""
}
