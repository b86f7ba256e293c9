package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
)

func ask(driver *host.Driver, name string) (store.Rows, error) {
	return driver.Query(context.Background(), store.Statement{Name: name, SQL: "SELECT '" + name + "'", Write: name == "write"})
}

func TestAStatementWithoutAnAnswerParksTheOperation(t *testing.T) {
	driver := host.New(nil)
	rows, err := ask(driver, "write")
	require.ErrorIs(t, err, host.ErrParked)
	assert.Nil(t, rows)
	assert.Equal(t, &store.Statement{Name: "write", SQL: "SELECT 'write'", Write: true}, driver.Pending())
}

func TestTheFirstParkedStatementIsTheOneToRun(t *testing.T) {
	driver := host.New(nil)
	for _, name := range []string{"first", "second"} {
		_, err := ask(driver, name)
		require.ErrorIs(t, err, host.ErrParked)
	}
	assert.Equal(t, "first", driver.Pending().Name)
}

func TestAnswersAreGivenInTheOrderInWhichTheyWereAsked(t *testing.T) {
	driver := host.New([]host.Answer{
		{Statement: "first", Rows: store.Rows{{store.Text("1")}}},
		{Statement: "second", Rows: store.Rows{}},
	})
	rows, err := ask(driver, "first")
	require.NoError(t, err)
	assert.Equal(t, store.Rows{{store.Text("1")}}, rows)
	rows, err = ask(driver, "second")
	require.NoError(t, err)
	assert.Empty(t, rows)
	assert.Nil(t, driver.Pending())
	_, err = ask(driver, "third")
	require.ErrorIs(t, err, host.ErrParked)
	assert.Equal(t, "third", driver.Pending().Name)
}

func TestAnAnswerToAnotherQuestionIsRefused(t *testing.T) {
	driver := host.New([]host.Answer{{Statement: "second", Rows: store.Rows{{store.Text("1")}}}})
	_, err := ask(driver, "first")
	require.ErrorContains(t, err, `"second"`)
	require.ErrorContains(t, err, `"first"`)
	assert.NotErrorIs(t, err, host.ErrParked)
	assert.Nil(t, driver.Pending())
}

func TestAFailureOfTheConnectionIsTheOperationsError(t *testing.T) {
	failure := &store.Error{SQLState: "40001", Message: "try again"}
	driver := host.New([]host.Answer{{Statement: "first", Failure: failure}})
	rows, err := ask(driver, "first")
	assert.Nil(t, rows)
	assert.Same(t, failure, err)
}

func TestTheHostsTransactionIsTheOneThatIsOpen(t *testing.T) {
	driver := host.New(nil)
	err := store.InTransaction(context.Background(), driver, func(inside store.Driver) error {
		assert.Same(t, driver, inside)
		_, err := ask(driver, "write")
		return err
	})
	require.ErrorIs(t, err, host.ErrParked)
}
