package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/jcoletaylor/tasker_core/go/drawing"
)

func TestATaskThatIsTooLargeToDrawIsTheCallersMatter(t *testing.T) {
	err := FromError(&drawing.TooLargeError{Steps: drawing.MaxSteps + 1})
	assert.Equal(t, CodeInvalidArgument, err.Code)
	assert.Contains(t, err.Message, "10001 steps")
}

func TestADrawingHasOneOfTwoForms(t *testing.T) {
	core := openCore(t, "")
	for _, format := range []any{"svg", "mermaid", "", nil} {
		sent := dispatched(t, core, "draw", arguments{"task_id": 7, "format": format}, []any{})
		assert.Equal(t, replyStatement, sent.Kind, "%v", format)
	}
	sent := dispatched(t, core, "draw", arguments{"task_id": 7, "format": "png"}, []any{})
	assert.Equal(t, string(CodeInvalidArgument), sent.code(t))
}
