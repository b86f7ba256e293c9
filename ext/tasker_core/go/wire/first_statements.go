package wire

import (
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// firstStatement is the first statement of an operation, where it follows from the arguments. A
// host that knows it runs it before it asks, which saves a call and the way of the text;
// where the statement's value is the operation's, it need not ask at all.
type firstStatement struct {
	statement store.Statement
	params    []param
	// answer is what the first cell of the first row is, where that is the operation's value.
	answer string
	// to is a transition's target, event is published with it.
	to, event string
}

// param is a parameter of a first statement: an argument of the operation, and how it is written.
type param struct {
	_msgpack struct{} `msgpack:",as_array"`
	Kind     string
	Argument string
}

// The kinds of parameters, each as a text of PostgreSQL.
const (
	paramID     = "id"     // an integer
	paramIDs    = "ids"    // a list of integers, as an array
	paramText   = "text"   // a text, or nil for NULL
	paramObject = "object" // a JSON object as text; an empty one where it is missing
	paramFixed  = "fixed"  // no argument, but the parameter itself
)

// The kinds of answers.
const (
	answerText    = "text"    // nil without a row
	answerBoolean = "boolean" // "true" or not
	// answerTransition is for transition_one.sql: if a row was written, the value follows from the
	// row, the target and its event; otherwise the core gives the reason.
	answerTransition = "transition"
)

func ofTask(statement store.Statement) firstStatement {
	return firstStatement{statement: statement, params: []param{{Kind: paramID, Argument: "task_id"}}}
}

func ofManyTasks(statement store.Statement) firstStatement {
	return firstStatement{statement: statement, params: []param{{Kind: paramIDs, Argument: "task_ids"}}}
}

func answered(kind, argument string, statement store.Statement) firstStatement {
	return firstStatement{statement: statement, params: []param{{Kind: paramID, Argument: argument}}, answer: kind}
}

// firstStatementsOf has the first statements by operation; a transition has one for each target,
// behind a space. The tests hold them to what the operations ask for.
var firstStatementsOf = withTransitions(map[string]firstStatement{
	"all_steps_complete":      answered(answerBoolean, "task_id", store.TaskStepsSatisfied),
	"analyze_graph":           ofTask(store.SnapshotOf(store.WithNames | store.WithTasks)),
	"current_step_state":      answered(answerText, "step_id", store.StepState),
	"current_task_state":      answered(answerText, "task_id", store.TaskState),
	"dependency_levels":       ofTask(store.TopologyOf),
	"draw":                    ofTask(store.SnapshotOf(store.WithNames | store.WithTasks)),
	"function_versions":       {statement: operation.Fingerprints},
	"open_session":            ofTask(store.SnapshotOf(store.WithVersions | store.WithTasks)),
	"ping_database":           {statement: store.Ping},
	"readiness_version":       {statement: operation.Fingerprints},
	"step_dag":                ofTask(store.TopologyOf),
	"step_dependencies_met":   answered(answerBoolean, "step_id", store.StepParentsSatisfied),
	"step_readiness":          ofTask(store.SnapshotOf(store.WithNames)),
	"step_readiness_batch":    ofManyTasks(store.SnapshotsOf(store.WithNames)),
	"system_health_counts":    {statement: operation.SystemHealthStatement},
	"task_execution_context":  ofTask(store.SnapshotOf(store.WithTasks)),
	"task_execution_contexts": ofManyTasks(store.SnapshotsOf(store.WithTasks)),
	"task_progress":           ofTask(store.TaskProgressOf),
	"viable_steps":            ofTask(store.SnapshotOf(0)),
})

func withTransitions(all map[string]firstStatement) map[string]firstStatement {
	for _, machine := range []lifecycle.Machine{lifecycle.Step, lifecycle.Task} {
		for _, to := range machine.States() {
			all["transition_"+machine.String()+" "+to] = ofTransition(machine, to,
				store.TransitionOf(machine.String(), machine.GuardFor(to) != lifecycle.NoGuard))
		}
	}
	all["complete_task"] = ofTransition(lifecycle.Task, lifecycle.Complete, store.CompletionOfTask)
	return all
}

func ofTransition(machine lifecycle.Machine, to string, statement store.Statement) firstStatement {
	return firstStatement{
		statement: statement,
		params: []param{{Kind: paramID, Argument: machine.String() + "_id"}, {Kind: paramFixed, Argument: *store.Texts(machine.Sources(to))},
			{Kind: paramFixed, Argument: to}, {Kind: paramObject, Argument: "metadata"}, {Kind: paramText, Argument: "now"}},
		answer: answerTransition, to: to, event: machine.PublishedEvent(to),
	}
}

// firstStatements has for each operation with a first statement [statement name, SQL,
// [[kind, argument], ...], write, answer or nil, target or nil, event or nil]. An answer may be
// kept to the host if its statement took less than the nanoseconds, and is then told to
// the core with count_answers: slow statements, and all where the log tells of every
// operation, are the core's to see at once.
func firstStatements(c call, _ struct{}) (any, error) {
	list := make(map[string]any, len(firstStatementsOf))
	for name, first := range firstStatementsOf {
		params := first.params
		if params == nil {
			params = []param{}
		}
		list[name] = []any{first.statement.Name, first.statement.SQL, params, first.statement.Write, orNil(first.answer), orNil(first.to), orNil(first.event)}
	}
	limit := c.core.Observer.Slow
	switch {
	case c.core.Log.Core().Enabled(zap.DebugLevel):
		limit = 0
	case limit == 0:
		limit = time.Duration(1<<63 - 1)
	}
	return statementsReply{Statements: list, Nanoseconds: int64(limit)}, nil
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// countedAnswer is an answer that a host kept to itself.
type countedAnswer struct {
	_msgpack struct{} `msgpack:",as_array"`
	// Name is an operation's name, of a transition with its target.
	Name  string
	Nanos int64
}

type countedArguments struct {
	Answers []countedAnswer `msgpack:"answers"`
}

// countAnswers counts operations, and their statements, that a host answered itself.
func countAnswers(c call, a countedArguments) (any, error) {
	if a.Answers == nil {
		return nil, Errorf(CodeInvalidArgument, "answers is missing; it must be a list of [name, nanoseconds]")
	}
	for _, answer := range a.Answers {
		first, known := firstStatementsOf[answer.Name]
		if !known || first.answer == "" {
			return nil, Errorf(CodeInvalidArgument, "%q is not an operation that a host answers itself; first_statements lists them", answer.Name)
		}
		took := time.Duration(max(answer.Nanos, 0))
		c.core.Stats.Statement(first.statement.Name, false, took)
		operation, _, _ := strings.Cut(answer.Name, " ")
		c.core.Stats.Operation(operation, "", took)
	}
	return len(a.Answers), nil
}
