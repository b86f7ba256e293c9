package creation

// What the engine takes where nothing is given.
const (
	DefaultNamespace  = "default"
	DefaultVersion    = "0.1.0"
	DefaultRetryLimit = 3
	// Unknown is who asked for a task, and the system of a step.
	Unknown = "unknown"
)

// Task asks for a task with its steps.
type Task struct {
	Namespace string
	Name      string
	Version   string
	Steps     []Step
	// Context is a JSON object.
	Context      string
	Initiator    string
	SourceSystem string
	Reason       string
	Tags         []string
	// BypassSteps are names of steps.
	BypassSteps []string
	Identity    Identity
}

// Step is one of its steps.
type Step struct {
	Name string
	// System is the one that the step talks to.
	System string
	// DependsOn are names of steps; one that is given twice counts once.
	DependsOn  []string
	Retryable  bool
	RetryLimit int64
	Skippable  bool
	// Inputs is a JSON value; nil for the task's context.
	Inputs *string
}

// Edge says that a step waits for another, both by their place among the steps.
type Edge struct{ From, To int64 }
