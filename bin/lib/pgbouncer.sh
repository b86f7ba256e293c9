# shellcheck shell=bash
# A PgBouncer of the project's own in transaction mode, in front of the private
# PostgreSQL: unix socket, no TCP. Sourced after postgres.sh.

readonly BOUNCER_PORT=6432

bouncer_prepare() {
  pg_is_foreign && die "bin/pgbouncer stands in front of the private cluster; it has no part where DATABASE_URL is set"
  command -v pgbouncer >/dev/null || die "there is no pgbouncer here; run bin/setup, or install the package pgbouncer"
  pg_prepare
  BOUNCER_HOME="$BASE/pgbouncer"
  BOUNCER_CONFIG="$BOUNCER_HOME/pgbouncer.ini"
}

bouncer_url() { printf 'postgresql:///%s?user=postgres&host=%s&port=%s\n' "$1" "$BOUNCER_HOME" "$BOUNCER_PORT"; }

bouncer_is_running() {
  [ -S "$BOUNCER_HOME/.s.PGSQL.$BOUNCER_PORT" ] && [ -n "$(server_pids pgbouncer -q -d "$BOUNCER_CONFIG")" ]
}

# auth_type any asks nothing of whoever can open the socket, which only its
# folder's user can.
bouncer_configure() {
  cat >"$BOUNCER_CONFIG" <<TEXT
[databases]
* = host=$PG_HOME port=$PG_PORT user=postgres

[pgbouncer]
listen_addr =
listen_port = $BOUNCER_PORT
unix_socket_dir = $BOUNCER_HOME
unix_socket_mode = 0700
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 200
ignore_startup_parameters = extra_float_digits,options
logfile = $BOUNCER_HOME/pgbouncer.log
pidfile = $BOUNCER_HOME/pgbouncer.pid
TEXT
}

bouncer_start_alone() {
  local tries=0
  bouncer_is_running && return 0
  end_server TERM pgbouncer -q -d "$BOUNCER_CONFIG"
  mkdir -p "$BOUNCER_HOME"
  chmod 0700 "$BOUNCER_HOME"
  rm -f "$BOUNCER_HOME"/.s.PGSQL.* "$BOUNCER_HOME/pgbouncer.pid"
  bouncer_configure
  turn_log "$BOUNCER_HOME/pgbouncer.log"
  own_by_server_user "$BOUNCER_HOME"
  own_by_server_user "$BOUNCER_CONFIG"
  as_server_user pgbouncer -q -d "$BOUNCER_CONFIG" 8>&- 9>&- </dev/null ||
    die "PgBouncer does not start; see $BOUNCER_HOME/pgbouncer.log"
  until bouncer_is_running; do
    ((++tries <= 100)) || die "PgBouncer opened no socket; see $BOUNCER_HOME/pgbouncer.log"
    sleep 0.05
  done
}

bouncer_start() {
  bouncer_prepare
  pg_start
  one_at_a_time pgbouncer bouncer_start_alone
}

bouncer_stop() {
  bouncer_prepare
  one_at_a_time pgbouncer end_server TERM pgbouncer -q -d "$BOUNCER_CONFIG"
}
