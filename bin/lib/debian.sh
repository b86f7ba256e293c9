# shellcheck shell=bash
# What bin/setup installs on Debian as root: packages and nothing else, and no
# service of theirs is started. Sourced after common.sh.

readonly SECOND_RELEASE=trixie
# Everything that the Gemfile names, as the distribution packages it.
readonly RUBY_PACKAGES="ruby ruby-dev bundler rake rails ruby-pg ruby-msgpack ruby-rspec ruby-rspec-rails puma
  ruby-sidekiq rubocop yard ruby-redcarpet ruby-simplecov ruby-benchmark-ips"

# A person at the terminal is asked before the system is changed.
confirm() {
  local answer
  [ -t 0 ] && [ -z "${CI:-}" ] || return 0
  read -r -p "$1 [Y/n] " answer
  [[ "$answer" =~ ^([Yy].*)?$ ]] || die "stopped as you asked; nothing was installed"
}

apt_update() {
  [ -n "${APT_UPDATED:-}" ] && return 0
  long "Reading the package lists" apt-get update -qq
  APT_UPDATED=1
}

# Packages start their services on installation unless this file says no.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    "$@"
    return 0
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 0755 "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# With systemd, what this script brought would else start with the next boot.
keep_services_off() {
  local service
  [ -d /run/systemd/system ] || return 0
  for service in "$@"; do
    case "$service" in
      postgresql | redis-server | pgbouncer) systemctl disable --quiet "$service" || true ;;
    esac
  done
}

# The version that apt would install now, without Debian's epoch.
apt_candidate() { apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ { sub(/^[0-9]+:/, "", $2); print $2 }'; }

candidate_reaches() {
  local candidate
  candidate="$(apt_candidate "$1")"
  [ -n "$candidate" ] && [ "$candidate" != "(none)" ] && dpkg --compare-versions "$candidate" ge "$2"
}

# Where this machine gets Debian from, be it a mirror or Debian itself.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 'Component: main' 'Created-By: Packages' | head -n 1
}

second_source_is_there() { [ -f "/etc/apt/sources.list.d/tasker-core-$SECOND_RELEASE.sources" ]; }

# Pinned at 100: nothing comes from there unless it is asked for by name of the
# release, or already came from there.
add_second_source() {
  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror="$(debian_mirror)"
  [ -n "$mirror" ] || die "found no Debian source among apt's; add $SECOND_RELEASE yourself, then run bin/setup again"
  [ -f "$keyring" ] || die "$keyring is missing; install debian-archive-keyring, then run bin/setup again"
  cat >"/etc/apt/preferences.d/tasker-core-$SECOND_RELEASE" <<TEXT
Package: *
Pin: release n=$SECOND_RELEASE
Pin-Priority: 100
TEXT
  cat >"/etc/apt/sources.list.d/tasker-core-$SECOND_RELEASE.sources" <<TEXT
Types: deb
URIs: $mirror
Suites: $SECOND_RELEASE
Components: main
Signed-By: $keyring
TEXT
  unset APT_UPDATED
  apt_update
}

# Ruby and the gems as packages: from the release this machine runs where it is
# new enough, otherwise from the second source.
install_debian_ruby() {
  local from=()
  apt_update
  if ! candidate_reaches ruby "$RUBY_MINIMUM"; then
    if ! second_source_is_there; then
      say "Ruby $(apt_candidate ruby) of this Debian is older than $RUBY_MINIMUM: Debian $SECOND_RELEASE becomes a second"
      say "source of packages (pinned low), and Ruby, Rails and the libraries they need come from there."
      confirm "Add Debian $SECOND_RELEASE and install Ruby from it?"
      add_second_source
    fi
    from=(-t "$SECOND_RELEASE")
  else
    say "Ruby, Rails and the other gems come as Debian packages."
    confirm "Install them?"
  fi
  # shellcheck disable=SC2086
  without_services long "Installing Ruby and Rails from Debian" apt_install "${from[@]}" $RUBY_PACKAGES
}

install_debian_packages() {
  say "Missing here, and installed from Debian without starting any service: $*"
  confirm "Install them?"
  apt_update
  without_services long "Installing $*" apt_install "$@"
  keep_services_off "$@"
}
