package pool_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

func TestNoConnectionIsOpenedBeforeTheFirstStatement(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	p := open(t, settings(database))
	time.Sleep(50 * time.Millisecond)
	assert.Zero(t, sessions(t, observer, "true"))
	ask(t, p, "SELECT 1::text")
	assert.Equal(t, 1, sessions(t, observer, "true"))
	p.Close()
	eventually(t, "the session ends with the pool", func() bool { return sessions(t, observer, "true") == 0 })
}

func TestSessionsRunInUTCAndSayWhoTheyAre(t *testing.T) {
	database := scratch(t)
	exec(t, connect(t, database), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); END $$")
	p := open(t, settings(database))
	assert.Equal(t, "UTC", ask(t, p, "SELECT current_setting('timezone')"))
	assert.Equal(t, "UTF8", ask(t, p, "SELECT current_setting('client_encoding')"))
	assert.Equal(t, "tasker_core", ask(t, p, "SELECT current_setting('application_name')"))
}

func TestTheApplicationNameIsTheSettingElseTheURLs(t *testing.T) {
	address, err := url.Parse(databaseURL(t))
	require.NoError(t, err)
	query := address.Query()
	query.Set("application_name", "from_url")
	address.RawQuery = query.Encode()

	given := settings(address.String())
	assert.Equal(t, "from_url", ask(t, open(t, given), "SELECT current_setting('application_name')"))
	given.ApplicationName = "worker 7"
	assert.Equal(t, "worker 7", ask(t, open(t, given), "SELECT current_setting('application_name')"))
}

func TestAURLThatCannotBeUsedIsRefusedWithoutItsPassword(t *testing.T) {
	const password = "s3cr3t"
	for _, database := range []string{
		"postgresql://user:s3cr3t/x@host/db",
		"postgresql://user:s3cr3t@host:port/db",
		"postgresql://user:s3cr3t@host:99999/db",
		"postgresql://user:s3cr3t@[host/db",
		"postgresql://user:%zzs3cr3t@host/db",
		"postgresql://user:s3cr3t@host/db?sslmode=s3cr3t",
		"postgresql://user@host/db?password=s3cr3t&sslmode=wrong",
		"postgresql://user:s3cr3t@host/db?connect_timeout=soon",
		"host=localhost user=user password=s3cr3t port",
		"host=localhost password='s3cr3t",
		"user:s3cr3t@host",
	} {
		_, err := pool.New(settings(database))
		require.Error(t, err, database)
		assert.NotContains(t, err.Error(), password, database)
		assert.Contains(t, err.Error(), "database_url", database)
	}
}

func TestAServerThatCannotBeReachedIsNamedWithoutThePassword(t *testing.T) {
	for _, database := range []string{
		"postgresql://user:s3cr3t@127.0.0.1:1/db",
		"host=/nonexistent user=user password=s3cr3t",
	} {
		_, err := open(t, settings(database)).Query(context.Background(), reading("SELECT 1::text"))
		failure := databaseError(t, err)
		assert.Equal(t, "08001", failure.SQLState)
		assert.True(t, failure.Retryable())
		assert.NotContains(t, err.Error(), "s3cr3t")
	}
}

func TestAnUnknownModeIsRefused(t *testing.T) {
	given := settings(databaseURL(t))
	given.ExecMode = "fast"
	_, err := pool.New(given)
	assert.ErrorContains(t, err, `"fast"`)
}
