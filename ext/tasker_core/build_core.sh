#!/bin/sh
# Builds the Go core as a C archive, the same one for the gem, the wheel and the C
# library. Vendored modules are used where they are there, and then no network is.
#
#   sh build_core.sh ARCHIVE      (an absolute path; the variable GO names another go)
set -eu
cd "$(dirname "$0")/go"
export CGO_ENABLED=1 GOWORK=off
exec "${GO:-go}" build -trimpath -buildvcs=false -buildmode=c-archive -ldflags "-s -w" -o "$1" ./capi
