# shellcheck shell=bash
# The project's private Redis: unix socket, no TCP, nothing kept on disk. Sourced after
# common.sh and private_server.sh.

redis_prepare() {
  choose_base
  REDIS_HOME="$BASE/redis"
  REDIS_SOCKET="$REDIS_HOME/redis.sock"
}

redis_is_running() { [ -S "$REDIS_SOCKET" ] && [ "$(redis-cli -s "$REDIS_SOCKET" ping 2>/dev/null)" = PONG ]; }

redis_end() {
  redis_prepare
  end_server TERM redis-server --port 0 --unixsocket "$REDIS_SOCKET"
}

# Without a title of its own the process keeps the command line that redis_end
# knows it by, also when its folder was removed under it.
redis_start_alone() {
  local tries=0
  redis_is_running && return 0
  redis_end
  mkdir -p "$REDIS_HOME"
  chmod 0700 "$REDIS_HOME"
  own_by_server_user "$REDIS_HOME"
  rm -f "$REDIS_SOCKET"
  turn_log "$REDIS_HOME/redis.log"
  as_server_user redis-server --port 0 --unixsocket "$REDIS_SOCKET" --unixsocketperm 700 --save '' --appendonly no \
    --set-proc-title no --daemonize yes --dir "$REDIS_HOME" --logfile "$REDIS_HOME/redis.log" \
    >/dev/null 8>&- 9>&- </dev/null
  until redis_is_running; do
    ((++tries <= 100)) || die "Redis does not answer; see $REDIS_HOME/redis.log"
    sleep 0.05
  done
}

redis_start() {
  command -v redis-server >/dev/null || die "there is no redis-server here; run bin/setup, or install Redis"
  redis_prepare
  one_at_a_time redis redis_start_alone
}

redis_stop() {
  redis_prepare
  one_at_a_time redis redis_end
}
