package msgpackstrict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

func TestTheNearestNameIsWhatWasMeant(t *testing.T) {
	names := []string{"pool_max_connections", "pool_exec_mode", "max_procs", "log_level", "task_id"}
	for given, meant := range map[string]string{
		"pool_max": "pool_max_connections", "pool_exec_mod": "pool_exec_mode", "max_porcs": "max_procs", "taskid": "task_id",
		"LOG_LEVEL": "log_level", "log_lvel": "log_level", "colour": "", "": "", "po": "", strings.Repeat("p", 1<<20): "",
	} {
		assert.Equal(t, meant, msgpackstrict.Nearest(given, names), "%.40s", given)
	}
}
