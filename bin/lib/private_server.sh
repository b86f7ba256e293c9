# shellcheck shell=bash
# What the private servers (bin/postgres, bin/pgbouncer, bin/redis) share: a
# folder that their user can reach, one start at a time, and leases, so that
# whoever needs a server last stops it. Sourced after common.sh.

# A socket's path may have 107 bytes; the longest name put in a folder is this.
readonly SOCKET_NAME_LONGEST="/.s.PGSQL.65432"

# PostgreSQL and PgBouncer refuse to run as root: there they are user postgres.
as_server_user() {
  if ! is_root; then
    "$@"
  elif ! id postgres >/dev/null 2>&1; then
    die "root may not run this server, and there is no user postgres for it; run bin/setup"
  elif command -v setpriv >/dev/null; then
    (cd / && HOME=/ exec setpriv --reuid postgres --regid postgres --init-groups "$@")
  else
    (cd / && HOME=/ exec runuser -u postgres -- "$@")
  fi
}

own_by_server_user() {
  if is_root; then chown postgres: "$1"; fi
}

# A socket's folder is part of URLs that not every reader unescapes, and must be short.
path_fits_a_socket() {
  local path="$1$SOCKET_NAME_LONGEST"
  [[ "$path" =~ ^[A-Za-z0-9_./-]+$ ]] && ((${#path} <= 107))
}

outside_base() { printf '%s/tasker_core-%s' "$1" "$(printf '%s' "$ROOT" | cksum | cut -d' ' -f1)"; }

# Makes the folder for all private servers where it can be: tmp/ of the
# repository, or a short one outside, named after the repository's path.
# Sets BASE.
choose_base() {
  local base
  for base in "$ROOT/tmp" "$(outside_base "${XDG_RUNTIME_DIR:-/tmp}")" "$(outside_base /tmp)"; do
    path_fits_a_socket "$base/pgbouncer" || continue
    [ -d "$base" ] || mkdir -p -m 0711 "$base" 2>/dev/null || continue
    [ -O "$base" ] || continue
    if as_server_user test -x "$base" 2>/dev/null; then
      BASE=$base
      return 0
    fi
  done
  die "found no folder for a socket that is short enough and that its server can reach; tried $ROOT/tmp and /tmp"
}

say_where() {
  [ "$BASE" = "$ROOT/tmp" ] ||
    note "$1 lives in $BASE: $ROOT/tmp has too long a path for a socket or cannot be reached by its server"
}

# one_at_a_time NAME COMMAND...: two scripts never start or stop a server at once.
one_at_a_time() {
  local name=$1
  shift
  command -v flock >/dev/null || { "$@"; return "$?"; }
  (
    flock -w 120 9 || die "another script has been starting or stopping $name for two minutes"
    "$@" 9>&-
  ) 9>"$BASE/$name.lock"
}

# is_server PID PROGRAM ARGUMENTS...: the process is that program, started with
# these arguments first. So a process number that was given to another is noticed.
is_server() {
  local pid=$1 program=$2 words
  shift 2
  if [ -d /proc/self ]; then
    { mapfile -d '' -t words <"/proc/$pid/cmdline"; } 2>/dev/null || return 1
    # A process that died and is not yet collected has no words left.
    ((${#words[@]} > 0)) || return 1
    [ "${words[0]##*/} ${words[*]:1:$#}" = "$program $*" ]
  else
    [[ "$(ps -o command= -p "$pid" 2>/dev/null)" == *"$program $*"* ]]
  fi
}

# A server appends to its log: before a start one that is longer than a megabyte becomes the old one.
turn_log() {
  if [ -n "$(find "$1" -size +1024k 2>/dev/null)" ]; then mv -f "$1" "$1.old"; fi
}

# server_pids PROGRAM ARGUMENTS...: the server of this folder and no other.
server_pids() {
  local pid
  for pid in $(if [ -d /proc/self ]; then cd /proc && echo [0-9]*; else ps -axo pid=; fi); do
    if is_server "$pid" "$@"; then printf '%s\n' "$pid"; fi
  done
}

# end_server SIGNAL PROGRAM ARGUMENTS...: by its id, and waits until it is gone.
end_server() {
  local signal=$1 pid tries
  shift
  for pid in $(server_pids "$@"); do
    kill "-$signal" "$pid" 2>/dev/null || continue
    tries=0
    while is_server "$pid" "$@"; do
      ((++tries <= 200)) || die "the $1 with process id $pid does not end"
      sleep 0.1
    done
  done
}
