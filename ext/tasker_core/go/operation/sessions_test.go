package operation

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSessionsOfAnotherCoreAreNotFoundUnderTheSameNumber(t *testing.T) {
	closed, current := newSessions(1), newSessions(1)
	old, err := closed.add(&liveSession{})
	require.NoError(t, err)
	_, err = current.add(&liveSession{})
	require.NoError(t, err)

	_, err = current.find(old)
	require.ErrorAs(t, err, new(*SessionError))
}
