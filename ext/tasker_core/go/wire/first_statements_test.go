package wire

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// everyArgument fits each operation with a first statement, save for names that it does not have.
var everyArgument = arguments{"task_id": 7, "step_id": 7, "task_ids": []int{7, 8}, "function_version": 2}

// asked gives the operation of a first statement, and arguments that fit it.
func asked(key string) (string, arguments) {
	name, to, _ := strings.Cut(key, " ")
	given := arguments{}
	for _, known := range argumentNames(operations[name].arguments) {
		if value, ok := everyArgument[known]; ok {
			given[known] = value
		}
	}
	if to != "" {
		given = arguments{strings.TrimPrefix(name, "transition_") + "_id": 7, "to": to, "now": "2026-11-23 04:30:00"}
	}
	return name, given
}

func written(param []any, given arguments) any {
	switch param[0] {
	case paramID:
		return "7"
	case paramIDs:
		return "{7,8}"
	case paramFixed:
		return param[1]
	case paramObject:
		return "{}"
	}
	return given[param[1].(string)]
}

func TestAnOpeningIsWhatTheOperationAsksForFirst(t *testing.T) {
	core := openCore(t, "")
	list := dispatched(t, core, "first_statements", arguments{}, nil).Elements[0].([]any)[0].(map[string]any)
	require.Len(t, list, len(firstStatementsOf))
	for name, first := range list {
		t.Run(name, func(t *testing.T) {
			operation, given := asked(name)
			firstStatement, params := first.([]any), []any{}
			for _, param := range firstStatement[2].([]any) {
				params = append(params, written(param.([]any), given))
			}
			asked := dispatched(t, core, operation, given, nil)
			require.Equal(t, replyStatement, asked.Kind)
			assert.Equal(t, []any{firstStatement[0], firstStatement[1], params, firstStatement[3]}, asked.Elements)
		})
	}
}

func TestAnAnswerThatAHostMayKeepIsTheOperationsValue(t *testing.T) {
	core := openCore(t, "")
	for name, firstStatement := range firstStatementsOf {
		values := map[string]map[string]any{
			answerText: {"pending": "pending"}, answerBoolean: {"true": true, "false": false},
		}[firstStatement.answer]
		operation, given := asked(name)
		if firstStatement.answer == answerTransition {
			from, _, _ := strings.Cut(strings.Trim(firstStatement.params[1].Argument, `{"`), `"`)
			values = map[string]any{"7,1,1,90,10 " + from: []any{int8(7), "allowed", "", from, firstStatement.to, int8(90), int8(10), firstStatement.event}}
		}
		for text, value := range values {
			answer := []any{firstStatement.statement.Name, []any{[]any{text}}, nil}
			assert.EqualValues(t, value, dispatched(t, core, operation, given, []any{answer}).Elements[0], name)
		}
	}
	nothing := []any{"current_step_state", []any{}, nil}
	assert.Nil(t, dispatched(t, core, "current_step_state", arguments{"step_id": 7}, []any{nothing}).Elements[0])
}

func TestKeptAnswersAreCounted(t *testing.T) {
	core := openCore(t, "")
	kept := []any{[]any{"current_step_state", 20_000_000}, []any{"all_steps_complete", 5}, []any{"current_step_state", -1}, []any{"transition_step error", 7}}
	assert.EqualValues(t, 4, dispatched(t, core, "count_answers", arguments{"answers": kept}, nil).Elements[0])
	counts := map[string]uint64{}
	for _, metric := range core.Stats.Metrics() {
		for _, sample := range metric.Samples {
			if sample.Distribution != nil {
				counts[sample.Labels[0].Value] += sample.Distribution.Counts[len(telemetry.Bounds)]
			}
		}
	}
	assert.Equal(t, map[string]uint64{"current_step_state": 4, "all_steps_complete": 1, "task_steps_satisfied": 1,
		"count_answers": 1, "transition_step": 2}, counts,
		"operations and statements, of which two have the operation's name")
	for _, name := range []string{"viable_steps", "nothing"} {
		foreign := arguments{"answers": []any{[]any{name, 1}}}
		assert.Equal(t, string(CodeInvalidArgument), dispatched(t, core, "count_answers", foreign, nil).code(t))
	}
}

func TestSlowAnswersAreTheCoresToSee(t *testing.T) {
	limit := func(seconds float64) any {
		settings := config.Defaults()
		settings.SlowStatementSeconds = seconds
		core, _ := logging(t, settings)
		return dispatched(t, core, "first_statements", arguments{}, nil).Elements[0].([]any)[1]
	}
	assert.EqualValues(t, 10_000_000, limit(0.01))
	assert.EqualValues(t, math.MaxInt64, limit(0))

	seen, _ := observer.New(zap.DebugLevel)
	core, err := operation.NewCore(config.Defaults(), &telemetry.Log{Logger: zap.New(seen)})
	require.NoError(t, err)
	t.Cleanup(core.Close)
	assert.EqualValues(t, 0, dispatched(t, core, "first_statements", arguments{}, nil).Elements[0].([]any)[1])
}
