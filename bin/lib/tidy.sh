# shellcheck shell=bash
# What a checkout keeps in tmp/: what makes the next run short, and no more. Sourced after
# common.sh, private_server.sh and postgres.sh.

# Megabytes past which a cluster is made anew by the next run, in some seconds: WAL and the
# databases of runs that were killed.
readonly CLUSTER_LIMIT=${CLUSTER_LIMIT:-256}

# Files of a running server may go while they are counted.
megabytes() { { du -sm -- "$@" 2>/dev/null || true; } | sort -rn; }

# Removes the private cluster where it has grown and nobody uses it.
discard_grown_cluster() {
  pg_prepare
  one_at_a_time postgres discard_alone
}

discard_alone() {
  local size
  [ -d "$PG_DATA" ] && ! pg_is_running || return 0
  size="$(megabytes "$PG_DATA" | cut -f1)"
  ((size > CLUSTER_LIMIT)) || return 0
  say "The private cluster has grown to $size MB, more than $CLUSTER_LIMIT: the next run makes it anew"
  rm -rf "$PG_DATA"
}

# How large tmp/ is, and what most of it is.
say_size() {
  local parts
  parts="$(cd "$ROOT/tmp" && megabytes * | awk '$1 > 4 { printf "%s%s %d", (n++ ? ", " : ""), $2, $1 }')"
  say "tmp/ holds $(megabytes "$ROOT/tmp" | cut -f1) MB: $parts"
}
