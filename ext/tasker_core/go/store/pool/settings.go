package pool

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Settings is what a pool needs to know.
type Settings struct {
	// DatabaseURL is a PostgreSQL URL or a list of keyword=value, as libpq reads it.
	DatabaseURL string
	// MaxConnections bounds how many connections are open at once.
	MaxConnections int
	// ExecMode is a key of ExecModes.
	ExecMode string
	// AcquireTimeout bounds how long a statement waits for a connection.
	AcquireTimeout time.Duration
	// ApplicationName is shown in pg_stat_activity; the URL's own wins where this
	// is empty.
	ApplicationName string
}

// ExecModes are the ways to send a statement, by the names that pgx gives them.
// PgBouncer in transaction mode gives every round trip another session: behind it
// use exec, simple_protocol or cache_describe, which need nothing of the one
// before. describe_exec does, and so does cache_statement up to PgBouncer 1.20.
var ExecModes = map[string]pgx.QueryExecMode{
	"cache_statement": pgx.QueryExecModeCacheStatement,
	"cache_describe":  pgx.QueryExecModeCacheDescribe,
	"describe_exec":   pgx.QueryExecModeDescribeExec,
	"exec":            pgx.QueryExecModeExec,
	"simple_protocol": pgx.QueryExecModeSimpleProtocol,
}

const (
	defaultApplicationName = "tasker_core"
	// maxIdle closes connections that were not used for this long.
	maxIdle = 5 * time.Minute
	// pingAfter is how long a connection may lie idle before it is asked whether
	// it still answers: firewalls forget connections without telling either end.
	pingAfter = 30 * time.Second
)

func (s Settings) poolConfig() (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(s.DatabaseURL)
	if err != nil {
		return nil, urlError(s.DatabaseURL, err)
	}
	mode, ok := ExecModes[s.ExecMode]
	if !ok {
		return nil, fmt.Errorf("pool_exec_mode %q is unknown", s.ExecMode)
	}
	config.MaxConns, config.MinConns, config.MinIdleConns = int32(s.MaxConnections), 0, 0
	config.MaxConnIdleTime = maxIdle
	config.PrepareConn = quiet
	config.ShouldPing = longIdle
	config.ConnConfig.DefaultQueryExecMode = mode
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = s.AcquireTimeout
	}
	s.startUp(config.ConnConfig.RuntimeParams)
	return config, nil
}

// startUp sets what a session begins with. Values cross as text, so its encoding
// must be ours whatever the database's is.
func (s Settings) startUp(params map[string]string) {
	params["timezone"] = "UTC"
	params["client_encoding"] = "UTF8"
	switch {
	case s.ApplicationName != "":
		params["application_name"] = s.ApplicationName
	case params["application_name"] == "":
		params["application_name"] = defaultApplicationName
	}
}

// urlError describes an invalid URL without repeating any part of it that could be its password. A
// URL that cannot be parsed is not quoted at all, because it is unknown which part of it is the
// password.
func urlError(text string, err error) error {
	const unreadable = "database_url cannot be read: it must look like postgresql://user@host:5432/database or host=... dbname=...; characters such as / ? # @ in a password must be percent-encoded"
	var parse *pgconn.ParseConfigError
	address, urlErr := url.Parse(text)
	if urlErr == nil && strings.Contains(text, "://") && address.Scheme != "postgres" && address.Scheme != "postgresql" {
		return errors.New("database_url cannot be used: it must begin with postgresql:// or postgres://")
	}
	if urlErr != nil || address.Scheme == "" || !errors.As(err, &parse) || parse.Unwrap() == nil {
		return errors.New(unreadable)
	}
	reason := parse.Unwrap().Error()
	for _, secret := range secrets(address) {
		if strings.Contains(reason, secret) {
			return errors.New(unreadable)
		}
	}
	return fmt.Errorf("database_url cannot be used: %s", reason)
}

func secrets(address *url.URL) []string {
	found := []string{address.Query().Get("password"), address.Query().Get("sslpassword")}
	if password, ok := address.User.Password(); ok {
		found = append(found, password, url.QueryEscape(password), url.PathEscape(password))
	}
	kept := found[:0]
	for _, secret := range found {
		if secret != "" {
			kept = append(kept, secret)
		}
	}
	return kept
}
