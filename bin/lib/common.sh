# shellcheck shell=bash
# What every script of bin/ shares: where the repository is, how to speak, and
# which Ruby and Go are meant. Sourced, never run.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
LOGS="$ROOT/tmp/log"
GO_MODULE="$ROOT/ext/tasker_core/go"
RUBY_MINIMUM=3.2

# Debian keeps tools for servers outside a user's PATH.
export PATH="$PATH:/usr/sbin:/sbin"
# Without a locale (env -i, cron) Ruby would read the sources as ASCII.
export LANG="${LANG:-C.UTF-8}"
# The module is built alone, as the gem builds it: go.work is for editors.
export GOWORK=off
export BUNDLE_GEMFILE="$ROOT/Gemfile"
export BUNDLE_SILENCE_ROOT_WARNING=1

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }

die() {
  printf '%s: %s\n' "bin/$(basename "$0")" "$1" >&2
  exit "${2:-1}"
}

is_root() { [ "$(id -u)" -eq 0 ]; }
is_debian() { [ -f /etc/debian_version ] && command -v apt-get >/dev/null; }

# A file's last line that is not empty, short enough for a line of the terminal.
last_line() { tail -n 5 "$1" 2>/dev/null | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-90 || true; }

# long WHAT COMMAND...: runs what takes a while with its output in a log, shows
# every five seconds how far it is, and the log's end where it fails.
long() {
  local what=$1 began=$SECONDS shown=$SECONDS log pid status=0
  shift
  mkdir -p "$LOGS"
  log="$LOGS/$(printf '%s' "$what" | tr -cs 'a-zA-Z0-9' '-').log"
  printf '%s ...\n' "$what"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS - shown >= 5)); then
      shown=$SECONDS
      printf '  %3d s  %s\n' $((SECONDS - began)) "$(last_line "$log")"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  if ((status != 0)); then
    tail -n 40 "$log" >&2
    note "$what: failed after $((SECONDS - began)) s (exit $status); the whole output is in $log"
    return "$status"
  fi
  printf '  %3d s  done\n' $((SECONDS - began))
}

# Succeeds where the Ruby given is new enough and has its C headers.
ruby_fits() {
  "$1" -rmkmf -e 'exit RUBY_ENGINE == "ruby" && Gem::Version.new(RUBY_VERSION) >= Gem::Version.new(ARGV[0])' \
    "$RUBY_MINIMUM" >/dev/null 2>&1
}

# Every executable of a name on the PATH, each once.
all_on_path() { type -ap "$1" 2>/dev/null | awk '!seen[$0]++' || true; }

put_first() {
  local dir
  dir="$(dirname "$1")"
  [ "$(command -v "$(basename "$1")" || true)" = "$1" ] || export PATH="$dir:$PATH"
}

# Puts the newest fitting Ruby of the PATH first. Fails where there is none.
select_ruby() {
  local ruby version newest="" newest_version=0
  for ruby in $(all_on_path ruby); do
    ruby_fits "$ruby" || continue
    version="$("$ruby" -e 'print RUBY_VERSION')"
    if [ "$(printf '%s\n%s\n' "$newest_version" "$version" | sort -V | tail -n 1)" != "$newest_version" ]; then
      newest=$ruby newest_version=$version
    fi
  done
  [ -n "$newest" ] && put_first "$newest"
}

# The Go version that go.mod asks for.
go_minimum() { awk '$1 == "go" { print $2; exit }' "$GO_MODULE/go.mod"; }

# Puts a Go first that go.mod accepts (Go itself judges, and may fetch a newer
# toolchain where it is allowed to). Fails where there is none.
select_go() {
  local go
  for go in $(all_on_path go) /usr/local/go/bin/go; do
    if [ -x "$go" ] && (cd "$GO_MODULE" && "$go" list -m) >/dev/null 2>&1; then
      put_first "$go"
      return 0
    fi
  done
  return 1
}

# For scripts that run after bin/setup: the same Ruby and Go that it chose.
use_tools() {
  select_ruby || die "there is no Ruby >= $RUBY_MINIMUM with headers here; run bin/setup, it says what to do"
  select_go || die "there is no Go >= $(go_minimum) here; run bin/setup, it says what to do"
}
