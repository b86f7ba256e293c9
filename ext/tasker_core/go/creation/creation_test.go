package creation

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func task(steps ...Step) Task {
	for i := range steps {
		if steps[i].System == "" {
			steps[i].System = Unknown
		}
	}
	return Task{Namespace: DefaultNamespace, Name: "t", Version: DefaultVersion, Steps: steps, Context: `{"a": 1}`,
		Initiator: Unknown, SourceSystem: Unknown, Reason: Unknown, Identity: Identity{Kind: UUID}}
}

func TestEdgesFollowStepsAndDependencies(t *testing.T) {
	edges, err := task(Step{Name: "load", DependsOn: []string{"b", "a", "b"}}, Step{Name: "a"}, Step{Name: "b", DependsOn: []string{"a"}}).Check()
	require.NoError(t, err)
	assert.Equal(t, []Edge{{From: 2, To: 0}, {From: 1, To: 0}, {From: 1, To: 2}}, edges)
}

func TestWhatCannotBeIsNamed(t *testing.T) {
	long := strings.Repeat("ü", 129)
	for message, change := range map[string]func(*Task){
		`namespace is missing or blank; it must be a string`:                                              func(t *Task) { t.Namespace = " " },
		`name is missing or blank; it must be a string`:                                                   func(t *Task) { t.Name = "" },
		`name has 65 characters; it may have 64 at most`:                                                  func(t *Task) { t.Name = long[:130] },
		`version is "1.0"; it must be three numbers, such as "0.1.0"`:                                     func(t *Task) { t.Version = "1.0" },
		`version is "1.0.0\n"; it must be three numbers, such as "0.1.0"`:                                 func(t *Task) { t.Version = "1.0.0\n" },
		`reason has 129 characters; it may have 128 at most`:                                              func(t *Task) { t.Reason = long },
		`initiator has a zero byte, which PostgreSQL cannot store`:                                        func(t *Task) { t.Initiator = "\x00" },
		`source_system is not UTF-8`:                                                                      func(t *Task) { t.SourceSystem = "\xff" },
		`tags[1] has a zero byte, which PostgreSQL cannot store`:                                          func(t *Task) { t.Tags = []string{"", "\x00"} },
		`bypass_steps[0] is not UTF-8`:                                                                    func(t *Task) { t.BypassSteps = []string{"\xff"} },
		`context is not JSON`:                                                                             func(t *Task) { t.Context = "" },
		`context is not a JSON object`:                                                                    func(t *Task) { t.Context = "[1]" },
		`context is empty; the engine accepts no task without a context, so it needs at least one member`: func(t *Task) { t.Context = " { } " },
		`context has the character \u0000, which PostgreSQL cannot store`:                                 func(t *Task) { t.Context = `{"a": "\\\u0000"}` },
		`context has half of a surrogate pair (\ud83d), which PostgreSQL cannot store`:                    func(t *Task) { t.Context = `{"a": "\ud83d!"}` },
		`context has half of a surrogate pair (\ude80), which PostgreSQL cannot store`:                    func(t *Task) { t.Context = `{"a": "\ude80\ud83d"}` },
		`steps has 0 steps; a task has from 1 to 100000`:                                                  func(t *Task) { t.Steps = nil },
		`steps[0].name is missing or blank; it must be a string`:                                          func(t *Task) { t.Steps = []Step{{System: "s"}} },
		`steps[0].dependent_system is missing or blank; it must be a string`:                              func(t *Task) { t.Steps = []Step{{Name: "a"}} },
		`steps[0].retry_limit is -1; it must be from 0 to 2147483647`:                                     func(t *Task) { t.Steps[0].RetryLimit = -1 },
		`steps[0].retry_limit is 2147483648; it must be from 0 to 2147483647`:                             func(t *Task) { t.Steps[0].RetryLimit = math.MaxInt32 + 1 },
		`steps[0].inputs is not JSON`:                                                                     func(t *Task) { inputs := "{"; t.Steps[0].Inputs = &inputs },
		`steps[1].name is "a", like steps[0]; each step of a task needs its own name`:                     func(t *Task) { t.Steps = append(t.Steps, t.Steps[0]) },
		`steps[0].depends_on of the step "a" has "b", which is not among the steps; add that step, or correct the name`: func(t *Task) {
			t.Steps[0].DependsOn = []string{"b"}
		},
		`identity is "md5"; it must be uuid or hash; pass your own identity as identity_hash`: func(t *Task) { t.Identity.Kind = "md5" },
		`identity_hash is missing or blank; it must be a string`:                              func(t *Task) { t.Identity.Kind = Given },
	} {
		asked := task(Step{Name: "a"})
		change(&asked)
		_, err := asked.Check()
		var wrong *ValueError
		if assert.ErrorAs(t, err, &wrong, message) {
			assert.Equal(t, message, err.Error())
		}
	}
}

func TestWhatIsAtTheLimitIsTaken(t *testing.T) {
	asked := task(Step{Name: strings.Repeat("ü", 128), System: strings.Repeat("s", 64), RetryLimit: math.MaxInt32})
	asked.Name, asked.Version, asked.Reason, asked.Initiator = strings.Repeat("n", 64), "123456.12345.123", strings.Repeat("ü", 128), ""
	asked.Context = `{"🚀": "\ud83d\ude80 \\u0000"}`
	_, err := asked.Check()
	assert.NoError(t, err)
}

func TestCirclesAreToldByName(t *testing.T) {
	_, err := task(Step{Name: "in"}, Step{Name: "a", DependsOn: []string{"c", "in"}}, Step{Name: "b", DependsOn: []string{"a"}},
		Step{Name: "c", DependsOn: []string{"b"}}).Check()
	var circle *CircleError
	require.ErrorAs(t, err, &circle)
	assert.Equal(t, []string{"a", "b", "c", "a"}, circle.Path)
	assert.EqualError(t, err, "the dependencies would form a cycle: a -> b -> c -> a; remove one of these dependencies")

	_, err = task(Step{Name: "a", DependsOn: []string{"a"}}).Check()
	assert.EqualError(t, err, "the dependencies would form a cycle: a -> a; remove one of these dependencies")

	steps := make([]Step, 100)
	for i := range steps {
		steps[i] = Step{Name: fmt.Sprint("s", i), DependsOn: []string{fmt.Sprint("s", (i+99)%100)}}
	}
	_, err = task(steps...).Check()
	require.ErrorAs(t, err, &circle)
	assert.Len(t, circle.Path, 101)
	assert.Contains(t, err.Error(), "s11 -> ... (89 more); remove")
}

// Whatever the steps are: either there is a circle, or each edge leads from a step to one
// that depends on it.
func TestEveryGraphIsTakenOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 12).Draw(t, "steps")
		steps := make([]Step, count)
		wanted := 0
		for i := range steps {
			steps[i].Name = fmt.Sprint(i)
			for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, count-1), 0, min(3, count), rapid.ID).Draw(t, "parents") {
				steps[i].DependsOn = append(steps[i].DependsOn, fmt.Sprint(at))
				wanted++
			}
		}
		edges, err := task(steps...).Check()
		var circle *CircleError
		if err != nil {
			require.ErrorAs(t, err, &circle)
			for i := 1; i < len(circle.Path); i++ {
				var at int
				_, scanErr := fmt.Sscan(circle.Path[i], &at)
				require.NoError(t, scanErr)
				require.Contains(t, steps[at].DependsOn, circle.Path[i-1])
			}
			return
		}
		require.Len(t, edges, wanted)
		for _, edge := range edges {
			require.Contains(t, steps[edge.To].DependsOn, fmt.Sprint(edge.From))
		}
	})
}

// The right side is what Ruby 3.3 with ActiveSupport 7.2 wrote for the left one; the parity
// specs compare it with the engine itself.
func TestJSONIsWrittenAsRailsWritesIt(t *testing.T) {
	for given, written := range map[string]string{
		`{"b": 1, "a": {"z": null, "y": [true, false]}, "b": 2}`: `{"b":2,"a":{"z":null,"y":[true,false]}}`,
		`"<a href='x'>&</a>\u2028\u2029"`:                        `"\u003ca href='x'\u003e\u0026\u003c/a\u003e\u2028\u2029"`,
		`"\u0001\b\f\n\r\t\u001f\u007f\"\\\/ü🚀"`:                 "\"\\u0001\\b\\f\\n\\r\\t\\u001f\x7f\\\"\\\\/ü🚀\"",
		`123456789012345678901234567890`:                         `123456789012345678901234567890`,
		`-0`:                                                     `0`, `-0.0`: `-0.0`, `0e5`: `0.0`, `1.0`: `1.0`, `1.50`: `1.5`, `1e2`: `100.0`, `0.0001`: `0.0001`, `0.00001`: `1.0e-05`,
		`1e14`: `100000000000000.0`, `1e15`: `1.0e+15`, `-9.5e15`: `-9.5e+15`, `1e16`: `1.0e+16`, `1.5E+300`: `1.5e+300`, `123456789.123456789`: `123456789.12345679`,
		`1e400`: `null`, `[]`: `[]`, `{}`: `{}`,
	} {
		var b strings.Builder
		writeValue(&b, decode(given))
		assert.Equal(t, written, b.String(), given)
	}
	assert.Equal(t, `["a\u0026b","c"]`, TextsJSON([]string{"a&b", "c"}))
	assert.Equal(t, `[]`, TextsJSON(nil))
}

func TestWhatIsHashedIsInTheEnginesOrder(t *testing.T) {
	asked := task(Step{Name: "a"})
	asked.Context, asked.BypassSteps, asked.Tags = `{"z": 1.0, "a": "ü"}`, []string{"a"}, []string{"not hashed"}
	assert.Equal(t, `{"name":"t","initiator":"unknown","source_system":"unknown","context":{"z":1.0,"a":"ü"},`+
		`"reason":"unknown","bypass_steps":["a"],"requested_at":"`, asked.HashedText())
}

// Written again, JSON stays the same text, and the same value.
func FuzzJSONIsStable(f *testing.F) {
	for _, seed := range []string{`{"a": [1, 2.5, "x<y", null]}`, `"\ud83d\ude80"`, `[[], {}, -0, 1e300]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckJSON("text", text) != nil || strings.Count(text, "[")+strings.Count(text, "{") > 100 {
			return
		}
		var first, second strings.Builder
		writeValue(&first, decode(text))
		require.True(t, json.Valid([]byte(first.String())), first.String())
		writeValue(&second, decode(first.String()))
		require.Equal(t, first.String(), second.String())
	})
}
