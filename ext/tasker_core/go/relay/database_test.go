package relay_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/relay"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

const limit = 20 * time.Second

func databaseURL(t *testing.T) string {
	t.Helper()
	text := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, text,
		"TASKER_CORE_TEST_DATABASE_URL is not set: these tests need a real PostgreSQL. Run bin/test, which starts one.")
	return text
}

// program is what a process has: a bus, connections, a listener.
type program struct {
	bus      *event.Bus
	pool     *pool.Pool
	listener *relay.Listener
	events   *event.Subscription
}

// start makes a program that listens on a channel.
func start(t *testing.T, channel string) *program {
	t.Helper()
	p := &program{bus: event.NewBus()}
	var err error
	p.pool, err = pool.New(pool.Settings{DatabaseURL: databaseURL(t), MaxConnections: 2, ExecMode: "cache_statement", AcquireTimeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(p.pool.Close)
	p.events, err = p.bus.Subscribe(event.Filter{Names: []string{"*"}}, event.Options{Capacity: 500_000, WhenFull: queue.Block, MaxWait: -1})
	require.NoError(t, err)
	p.listener = relay.Listen(relay.Settings{URL: databaseURL(t), Channel: channel}, p.bus, zap.NewNop())
	t.Cleanup(p.listener.Close)
	select {
	case <-p.listener.Ready():
	case <-time.After(limit):
		t.Fatal("it does not listen")
	}
	return p
}

// send starts to send what the program publishes.
func (p *program) send(t *testing.T, channel string) *relay.Sender {
	t.Helper()
	sender, err := relay.Send(p.pool, channel, []string{"*"}, p.bus, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { sender.Close(t.Context()) })
	return sender
}

// receive waits for that many events.
func (p *program) receive(t *testing.T, count int) []event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	events := make([]event.Event, count)
	for got := 0; got < count; {
		n, err := p.events.Receive(ctx, events[got:])
		require.NoError(t, err, "%d of %d events came", got, count)
		got += n
	}
	return events
}

func numbered(from, to int) []event.Event {
	var events []event.Event
	for i := from; i < to; i++ {
		events = append(events, event.Event{Name: "order.numbered", TaskID: int64(i)})
	}
	return events
}

func channelOf(t *testing.T) string { return "Relay of " + t.Name()[:min(40, len(t.Name()))] }

func TestEventsReachTheOtherProgramInOrderAndNotTheOwnTwice(t *testing.T) {
	one, other := start(t, channelOf(t)), start(t, channelOf(t))
	sender := one.send(t, channelOf(t))
	other.send(t, channelOf(t))
	_, err := one.bus.Publish(t.Context(), numbered(1, 5001)...)
	require.NoError(t, err)
	for i, e := range other.receive(t, 5000) {
		require.Equal(t, int64(i+1), e.TaskID)
		require.Equal(t, one.bus.Origin(), e.Origin)
	}
	_, err = other.bus.Publish(t.Context(), event.Event{Name: "order.answered"})
	require.NoError(t, err)
	own := one.receive(t, 5001)
	assert.Equal(t, one.bus.Origin(), own[4999].Origin)
	assert.Equal(t, "order.answered", own[5000].Name, "what it published came once, then the answer")
	assert.Equal(t, uint64(5000), sender.Sent())
	assert.Positive(t, one.listener.Stats().Own)
	assert.Equal(t, uint64(5000), other.listener.Stats().Events)
}

func TestALargePayloadComesWhole(t *testing.T) {
	one, other := start(t, channelOf(t)), start(t, channelOf(t))
	one.send(t, channelOf(t))
	text := strings.Repeat("20 kB of text, ä€ \\ \" ' and so on. ", 700)
	packed, err := msgpack.Marshal(map[string]any{"text": text})
	require.NoError(t, err)
	require.NoError(t, one.bus.Offer(event.Event{Name: "order.large", Payload: packed}))
	var back map[string]string
	require.NoError(t, msgpack.Unmarshal(other.receive(t, 1)[0].Payload, &back))
	assert.Equal(t, text, back["text"])
}

func TestATransactionIsHeardWhenItCommitsAndNeverElse(t *testing.T) {
	program := start(t, channelOf(t))
	writer := relay.NewWriter("elsewhere:1:1")
	notify := func(driver store.Driver, events []event.Event) {
		messages, _, err := writer.Messages(events)
		require.NoError(t, err)
		_, err = driver.Query(t.Context(), relay.Statement(channelOf(t), messages))
		require.NoError(t, err)
	}
	rolledBack := fmt.Errorf("rolled back")
	err := program.pool.WithTransaction(t.Context(), func(driver store.Driver) error {
		notify(driver, numbered(1, 3))
		return rolledBack
	})
	require.ErrorIs(t, err, rolledBack)
	require.NoError(t, program.pool.WithTransaction(t.Context(), func(driver store.Driver) error {
		notify(driver, numbered(3, 4))
		notify(program.pool, numbered(4, 5))
		assert.Equal(t, int64(4), program.receive(t, 1)[0].TaskID, "the open transaction is not heard yet")
		notify(driver, numbered(5, 6))
		return nil
	}))
	events := program.receive(t, 2)
	assert.Equal(t, []int64{3, 5}, []int64{events[0].TaskID, events[1].TaskID})
}

func TestALostConnectionIsReplacedAndTheGapIsTold(t *testing.T) {
	program := start(t, channelOf(t))
	killer, err := pgx.Connect(t.Context(), databaseURL(t))
	require.NoError(t, err)
	defer func() { _ = killer.Close(context.Background()) }()
	var ended int
	require.NoError(t, killer.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND query = 'LISTEN ' || quote_ident($1)`, channelOf(t)).Scan(&ended))
	require.Equal(t, 1, ended)

	gap := program.receive(t, 1)[0]
	require.Equal(t, relay.GapEvent, gap.Name)
	assert.Equal(t, program.bus.Origin(), gap.Origin)
	var told map[string]string
	require.NoError(t, msgpack.Unmarshal(gap.Payload, &told))
	assert.Less(t, told["gap_from"], told["gap_to"])
	assert.NotEmpty(t, told["reason"])
	stats := program.listener.Stats()
	assert.Equal(t, uint64(1), stats.Gaps)
	assert.True(t, stats.Listening)

	sender := start(t, channelOf(t))
	sender.send(t, channelOf(t))
	require.NoError(t, sender.bus.Offer(numbered(9, 10)...))
	assert.Equal(t, int64(9), program.receive(t, 1)[0].TaskID)
}

func TestWhatTheHostOfTheSameProcessSendsIsItsOwn(t *testing.T) {
	one, other := start(t, channelOf(t)), start(t, channelOf(t))
	messages, _, err := relay.NewWriter(relay.HostOrigin(one.bus.Origin())).Messages(numbered(1, 2))
	require.NoError(t, err)
	foreign, _, err := relay.NewWriter("elsewhere:1:host").Messages(numbered(2, 3))
	require.NoError(t, err)
	_, err = one.pool.Query(t.Context(), relay.Statement(channelOf(t), append(messages, foreign...)))
	require.NoError(t, err)
	assert.Equal(t, int64(2), other.receive(t, 1)[0].TaskID)
	assert.Equal(t, uint64(1), other.listener.Stats().Own)
}

func TestStrangersOnTheChannelDoNoHarm(t *testing.T) {
	one, other := start(t, channelOf(t)), start(t, channelOf(t))
	one.send(t, channelOf(t))
	_, err := one.pool.Query(t.Context(), relay.Statement(channelOf(t), []string{"hello", "tc1 x 1 0 1\nnothing"}))
	require.NoError(t, err)
	require.NoError(t, one.bus.Offer(numbered(1, 2)...))
	assert.Equal(t, int64(1), other.receive(t, 1)[0].TaskID)
	assert.Equal(t, uint64(2), other.listener.Stats().Malformed)
}

// A stranger who says that he is the sender cannot keep large events from others.
func TestAStrangerUnderTheSendersNameDoesNotSuppressItsEvents(t *testing.T) {
	one, other := start(t, channelOf(t)), start(t, channelOf(t))
	stranger, err := pgx.Connect(t.Context(), databaseURL(t))
	require.NoError(t, err)
	defer func() { _ = stranger.Close(context.Background()) }()
	one.send(t, channelOf(t))
	text := strings.Repeat("large ", 5000)
	packed, err := msgpack.Marshal(map[string]any{"text": text})
	require.NoError(t, err)
	for number := range 20 {
		for _, part := range []string{"0 5", "1 5", "0 2", "1 2", "4 5"} {
			_, err := stranger.Exec(t.Context(), "SELECT pg_notify($1, $2)", channelOf(t),
				fmt.Sprintf("tc1 %s %d %s\n[", one.bus.Origin(), number+1, part))
			require.NoError(t, err)
		}
		require.NoError(t, one.bus.Offer(event.Event{Name: "order.large", TaskID: int64(number), Payload: packed}))
	}
	for number, e := range other.receive(t, 20) {
		assert.Equal(t, int64(number), e.TaskID)
		assert.Equal(t, packed, e.Payload)
	}
}

func TestAURLThatCannotBeUsedIsRefusedWithoutItsPassword(t *testing.T) {
	err := relay.Settings{URL: "postgresql://u:geheim@host:port/x", Channel: "c"}.Check()
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "geheim")
}

// A server that is not there yet is tried again, and stopping does not wait for it.
func TestAListenerOfADatabaseThatIsNotThereStops(t *testing.T) {
	listener := relay.Listen(relay.Settings{URL: "postgresql://nobody@127.0.0.1:1/none", Channel: "c"}, event.NewBus(), zap.NewNop())
	deadline := time.Now().Add(limit)
	for listener.Stats().Failure == "" && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	assert.NotEmpty(t, listener.Stats().Failure)
	assert.False(t, listener.Stats().Listening)
	listener.Close()
}
