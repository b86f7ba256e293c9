#!/bin/sh
# Builds the Go core as a C archive, the same one for the gem, the wheel and the C
# library, and the same bytes in every folder: no id of a build is left in it. Vendored
# modules are used where they are there, whatever GOFLAGS says, and then no network is.
#
#   sh build_core.sh ARCHIVE      (an absolute path; the variable GO names another go)
set -eu
cd "$(dirname "$0")/go"
export CGO_ENABLED=1 GOWORK=off
vendored=
if [ -d vendor ]; then vendored=-mod=vendor; fi
# shellcheck disable=SC2086
exec "${GO:-go}" build $vendored -trimpath -buildvcs=false -buildmode=c-archive -ldflags "-s -w -buildid=" -o "$1" ./capi
