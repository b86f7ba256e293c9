package fault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/fault"
)

// panicVariable tells a child process of the test to panic: its stack goes to standard error.
const panicVariable = "FAULT_TEST_PANIC"

func TestMain(m *testing.M) {
	if os.Getenv(panicVariable) != "" {
		fmt.Print(contained(func() error { panic("on purpose") }))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func contained(work func() error) (err error) {
	defer fault.Recover(&err)
	return work()
}

func TestAPanicBecomesAnErrorAndItsStackIsSaid(t *testing.T) {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), panicVariable+"=yes")
	var said, complaint bytes.Buffer
	command.Stdout, command.Stderr = &said, &complaint
	require.NoError(t, command.Run(), complaint.String())
	assert.Contains(t, said.String(), "internal fault of the core: on purpose")
	assert.Contains(t, complaint.String(), "tasker_core: fault in the core: on purpose")
	assert.Contains(t, complaint.String(), "fault_test.go", "the stack tells where")
}

func TestWhatDoesNotPanicIsLeftAsItIs(t *testing.T) {
	assert.NoError(t, contained(func() error { return nil }))
	wrong := errors.New("wrong")
	assert.Equal(t, wrong, contained(func() error { return wrong }))
}
