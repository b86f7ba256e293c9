# shellcheck shell=bash
# The project's own PostgreSQL cluster: unix socket, no TCP, fsync on, nothing
# outside this repository's tmp/ (or the folder that choose_base says). Sourced
# after common.sh, private_server.sh and redis.sh.

readonly PG_PORT=5432
# shellcheck disable=SC2034
readonly PG_DEFAULT_DATABASE=tasker_core_test

# What a person has set for another server must not reach ours.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGOPTIONS PGSERVICE PGSSLMODE PGDATA PGTZ PGAPPNAME

pg_is_foreign() { [ -n "${DATABASE_URL:-}" ]; }

# The folder of the newest server programs. Fails where there are none.
pg_bin() {
  local dir
  if [ -n "${PG_BIN:-}" ]; then
    printf '%s\n' "$PG_BIN"
    return 0
  fi
  for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin | sort -rV) \
    "$(dirname "$(command -v initdb || echo /nowhere/initdb)")"; do
    if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ]; then
      printf '%s\n' "$dir"
      return 0
    fi
  done
  return 1
}

pg_prepare() {
  [ -n "${PG_HOME:-}" ] && return 0
  choose_base
  PG_HOME="$BASE/postgres"
  PG_DATA="$PG_HOME/data"
  PG_BIN="$(pg_bin)" || die "found no PostgreSQL server programs; run bin/setup, or set DATABASE_URL"
}

pg_url() { printf 'postgresql:///%s?user=postgres&host=%s&port=%s\n' "$1" "$PG_HOME" "$PG_PORT"; }

# The URL given by the user, for another database of the same server.
pg_foreign_url() {
  local database=$1 address=${DATABASE_URL%%\?*} query=""
  [[ "$DATABASE_URL" == *\?* ]] && query="?${DATABASE_URL#*\?}"
  [[ "$address" =~ ^([a-z0-9]+://[^/]*)(/.*)?$ ]] || die "DATABASE_URL is not a URL: it should begin with postgresql://"
  printf '%s/%s%s\n' "${BASH_REMATCH[1]}" "$database" "$query"
}

# The server's process, where it runs: the pid file says which, the process's own
# command line whether that is still true.
pg_postmaster() {
  local pid
  { read -r pid <"$PG_DATA/postmaster.pid"; } 2>/dev/null || return 1
  is_server "$pid" postgres -D "$PG_DATA" && printf '%s\n' "$pid"
}

pg_is_running() { pg_postmaster >/dev/null; }

# A server whose folder was removed under it still holds its socket's name; one
# that crashed leaves files that name a process that is now somebody else's.
pg_clear_remains() {
  end_server QUIT postgres -D "$PG_DATA"
  rm -f "$PG_DATA/postmaster.pid" "$PG_HOME/.s.PGSQL.$PG_PORT" "$PG_HOME/.s.PGSQL.$PG_PORT.lock"
}

# The cluster holds nothing but what tests and demos make anew, so one of another
# major version is replaced.
pg_drop_other_version() {
  local have want
  [ -f "$PG_DATA/PG_VERSION" ] || return 0
  have="$(cat "$PG_DATA/PG_VERSION")"
  want="$("$PG_BIN/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')"
  [ "$have" = "$want" ] && return 0
  note "replacing the cluster in $PG_DATA: it was made by PostgreSQL $have, here is $want"
  rm -rf "$PG_DATA"
}

# Made beside its place and moved there, so that no interrupted initdb is taken
# for a cluster. Local connections are trusted: the folder is its user's alone.
pg_initdb() {
  [ -f "$PG_DATA/PG_VERSION" ] && return 0
  rm -rf "$PG_HOME/data.new" "$PG_DATA"
  as_server_user "$PG_BIN/initdb" -D "$PG_HOME/data.new" -U postgres --auth=trust \
    --encoding=UTF8 --locale=C >"$PG_HOME/initdb.log" 2>&1 9>&- ||
    { cat "$PG_HOME/initdb.log" >&2; die "initdb failed in $PG_HOME"; }
  mv "$PG_HOME/data.new" "$PG_DATA"
}

pg_settings() {
  printf -- '-c %s ' listen_addresses= "port=$PG_PORT" "unix_socket_directories=$PG_HOME" \
    unix_socket_permissions=0700 max_connections=200 shared_buffers=128MB fsync=on timezone=UTC
}

pg_launch() {
  as_server_user "$PG_BIN/pg_ctl" -D "$PG_DATA" -l "$PG_HOME/server.log" -o "$(pg_settings)" \
    -w -t 60 start >/dev/null 2>&1 </dev/null 8>&- 9>&-
}

pg_start_alone() {
  local try
  pg_is_running && return 0
  mkdir -p "$PG_HOME"
  chmod 0700 "$PG_HOME"
  own_by_server_user "$PG_HOME"
  pg_clear_remains
  pg_drop_other_version
  pg_initdb
  turn_log "$PG_HOME/server.log"
  # After a crash the old backends need a moment to let go of the shared memory.
  for try in 1 2 3; do
    pg_launch && return 0
    sleep "$try"
  done
  tail -n 20 "$PG_HOME/server.log" >&2
  die "the private PostgreSQL does not start; the end of $PG_HOME/server.log is above"
}

pg_wait_ready() {
  local tries=0
  until "$PG_BIN/pg_isready" -q -h "$PG_HOME" -p "$PG_PORT"; do
    ((++tries <= 600)) || die "the private PostgreSQL runs but does not answer; see $PG_HOME/server.log"
    sleep 0.1
  done
}

pg_start() {
  pg_is_foreign && return 0
  pg_prepare
  pg_is_running || say_where "the private PostgreSQL"
  one_at_a_time postgres pg_start_alone
  pg_wait_ready
}

# A PgBouncer in front of the server (bin/pgbouncer) goes with it, and the Redis beside it.
pg_stop_alone() {
  redis_end
  end_server TERM pgbouncer -q -d "$BASE/pgbouncer/pgbouncer.ini"
  if pg_is_running; then
    as_server_user "$PG_BIN/pg_ctl" -D "$PG_DATA" -m fast -w -t 60 stop >/dev/null 9>&-
  fi
  end_server QUIT postgres -D "$PG_DATA"
  rm -f "$BASE/postgres.on-demand"
}

pg_stop() {
  pg_prepare
  one_at_a_time postgres pg_stop_alone
}

# pg_sql DATABASE SQL: one statement, its values bare.
pg_sql() {
  local url psql
  if pg_is_foreign; then
    url="$(pg_foreign_url "$1")" psql=psql
  else
    url="$(pg_url "$1")" psql="$PG_BIN/psql"
  fi
  "$psql" -X -q -A -t -v ON_ERROR_STOP=1 -c "$2" "$url"
}

pg_check_name() { [[ "$1" =~ ^[a-z][a-z0-9_]{0,62}$ ]] || die "'$1' is no database name: small letters, digits and _"; }

pg_createdb() {
  pg_check_name "$1"
  [ "$(pg_sql postgres "SELECT count(*) FROM pg_database WHERE datname = '$1'")" = 1 ] && return 0
  pg_sql postgres "CREATE DATABASE $1" 2>/dev/null ||
    [ "$(pg_sql postgres "SELECT count(*) FROM pg_database WHERE datname = '$1'")" = 1 ] ||
    die "cannot create the database $1"
}

# Only ever in the private cluster: a database of the user's is the user's.
pg_dropdb() {
  pg_is_foreign && die "DATABASE_URL is set: drop databases of that server yourself"
  pg_check_name "$1"
  pg_sql postgres "DROP DATABASE IF EXISTS $1 WITH (FORCE)" 2>/dev/null
}

# A lease: while one script holds it, no other stops the server it uses. A
# server that was started for a lease stops with the last one; one that was
# found running stays.
pg_lease() {
  pg_is_foreign && return 0
  pg_prepare
  mkdir -p "$BASE"
  exec 8>"$BASE/postgres.leases"
  command -v flock >/dev/null && flock -s 8
  pg_is_running || : >"$BASE/postgres.on-demand"
  pg_start
}

pg_release() {
  pg_is_foreign && return 0
  [ -e "$BASE/postgres.on-demand" ] || return 0
  if command -v flock >/dev/null; then flock -u 8; flock -n -x 8 || return 0; fi
  pg_stop
}
