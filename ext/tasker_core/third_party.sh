#!/bin/sh
# Writes what a package with the core's library carries about the modules in it, the
# same for the gem, the wheel and the C library: their licences, or a bill of materials
# (CycloneDX). Needs Go, and no network where the modules are vendored or downloaded.
#
#   sh third_party.sh -form licences -o FILE
#   sh third_party.sh -form sbom -name NAME -version VERSION -purl PURL -o FILE
#
# FILE is an absolute path. GO names another go; GOARCH, for a library that is built for
# another processor, is what the library is looked at for.
set -eu
cd "$(dirname "$0")/go"
arch=${GOARCH:-}
unset GOARCH GOOS
export CGO_ENABLED=0 GOWORK=off
exec "${GO:-go}" run -buildvcs=false ./notices -arch "$arch" "$@"
