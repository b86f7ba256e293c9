package wire

import (
	"github.com/jcoletaylor/tasker_core/go/drawing"
	"github.com/jcoletaylor/tasker_core/go/operation"
)

type drawArguments struct {
	TaskID id `msgpack:"task_id"`
	// Format is "svg", also where none is given, or "mermaid".
	Format string `msgpack:"format"`
}

func (a drawArguments) form() (func(drawing.Task) (string, error), error) {
	switch a.Format {
	case "", "svg":
		return drawing.SVG, nil
	case "mermaid":
		return drawing.Mermaid, nil
	}
	return nil, Errorf(CodeInvalidArgument, "format is %q; it must be svg or mermaid", a.Format)
}

// draw gives the text of a drawing, nil for an unknown task.
func draw(c call, a drawArguments) (any, error) {
	form, err := a.form()
	if err != nil {
		return nil, err
	}
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	text, err := operation.Draw(c.ctx, c.driver, taskID, form)
	if err != nil || text == "" {
		return nil, err
	}
	return text, nil
}
