package operation

import (
	"strings"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// Slowest says which steps or tasks are asked for.
type Slowest struct {
	// Since is microseconds since 1970 in UTC; nil is 24 hours ago.
	Since *int64
	// Limit is how many at most; nil is all.
	Limit *int64
	// Namespace, TaskName and Version narrow the answer down; nil takes any.
	Namespace *string
	TaskName  *string
	Version   *string
}

// statement fills the filters in. Only those that were asked for are written: a
// plan that has to serve "any" as well reads everything.
func (s Slowest) statement(name, sql string) store.Statement {
	params := []*string{moment(s.Since), moment(s.Limit)}
	var conditions strings.Builder
	for _, filter := range []struct {
		column string
		value  *string
	}{{"namespace.name", s.Namespace}, {"template.name", s.TaskName}, {"template.version", s.Version}} {
		if filter.value != nil {
			params = append(params, filter.value)
			conditions.WriteString("AND " + filter.column + " = $" + *store.Int(int64(len(params))) + "::text")
			conditions.WriteByte(' ')
		}
	}
	return store.Statement{Name: name, SQL: strings.Replace(sql, "{{filters}}", conditions.String(), 1), Params: params}
}
