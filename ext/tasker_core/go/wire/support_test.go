package wire

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/schema"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// installedDatabase makes a database with the engine's schema for one test.
func installedDatabase(t *testing.T) string {
	t.Helper()
	server := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, server,
		"TASKER_CORE_TEST_DATABASE_URL is not set: these tests need a real PostgreSQL. Run bin/test, which starts one.")
	name := "tasker_core_wire_" + strings.ToLower(rand.Text())
	exec(t, server, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { exec(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	address, err := url.Parse(server)
	require.NoError(t, err)
	address.Path = "/" + name
	for _, statement := range schema.Statements() {
		exec(t, address.String(), statement.SQL)
	}
	return address.String()
}

func exec(t *testing.T, database, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(context.Background(), sql)
	require.NoError(t, err, sql)
}

func countRows(t *testing.T, database, of string) int64 {
	t.Helper()
	return number(t, database, "SELECT count(*) FROM "+of)
}

// number gives the one value of a query.
func number(t *testing.T, database, query string) (value int64) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(t, conn.QueryRow(context.Background(), query).Scan(&value))
	return value
}

// openCore opens a core; without a database the host runs the statements.
func openCore(t *testing.T, database string) *operation.Core {
	t.Helper()
	settings := config.Defaults()
	settings.DatabaseURL = config.Secret(database)
	core, err := operation.NewCore(settings, &telemetry.Log{Logger: zap.NewNop()})
	require.NoError(t, err)
	t.Cleanup(core.Close)
	return core
}

// reply is a decoded reply.
type reply struct {
	Kind     int
	Elements []any
}

// dispatched runs a request as a host would and decodes the reply.
func dispatched(t *testing.T, core *operation.Core, request ...any) reply {
	t.Helper()
	data, err := msgpack.Marshal(request)
	require.NoError(t, err)
	return decoded(t, Dispatch(context.Background(), core, data))
}

func decoded(t *testing.T, data []byte) reply {
	t.Helper()
	var elements []any
	require.NoError(t, msgpack.Unmarshal(data, &elements))
	require.NotEmpty(t, elements)
	kind, ok := elements[0].(int8)
	require.True(t, ok, "%T", elements[0])
	return reply{Kind: int(kind), Elements: elements[1:]}
}

// code is the code of an error reply.
func (r reply) code(t *testing.T) string {
	t.Helper()
	require.Equal(t, replyError, r.Kind, "%v", r.Elements)
	return r.Elements[0].(map[string]any)["code"].(string)
}

// readTable decodes a table as a host does: from its bytes on the wire.
func readTable(t *testing.T, table *Table) []map[string]any {
	t.Helper()
	data, err := EncodeValue(table)
	require.NoError(t, err)
	value := decoded(t, data).Elements[0].(map[string]any)
	var count int
	require.NoError(t, json.Unmarshal(toJSON(t, value["rows"]), &count))
	rows := make([]map[string]any, count)
	for i := range rows {
		rows[i] = make(map[string]any)
		for _, column := range value["columns"].([]any) {
			fields := column.([]any)
			rows[i][fields[0].(string)] = readCell(t, fields, i)
		}
	}
	return rows
}

func readCell(t *testing.T, column []any, row int) any {
	t.Helper()
	if nulls, ok := column[3].([]byte); ok && nulls[row] == 1 {
		return nil
	}
	data := column[2].([]byte)
	switch column[1] {
	case kindInt, kindTime:
		return int64(binary.LittleEndian.Uint64(data[8*row:]))
	case kindBool:
		return data[row] == 1
	case kindText:
		return column[4].([]any)[binary.LittleEndian.Uint32(data[4*row:])]
	case kindDecimal:
		return json.Number(column[4].([]any)[binary.LittleEndian.Uint32(data[4*row:])].(string))
	case kindIDs:
		return readIDs(column[4].([]byte), data, row)
	}
	require.Fail(t, "unknown kind", "%v", column[1])
	return nil
}

func readIDs(ids, ends []byte, row int) []int64 {
	first := uint32(0)
	if row > 0 {
		first = binary.LittleEndian.Uint32(ends[4*(row-1):])
	}
	list := []int64{}
	for at := first; at < binary.LittleEndian.Uint32(ends[4*row:]); at++ {
		list = append(list, int64(binary.LittleEndian.Uint64(ids[8*at:])))
	}
	return list
}

func toJSON(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	return data
}
