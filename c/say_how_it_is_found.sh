#!/bin/sh
# Tells after an installation how programs find the library.
#
#   sh say_how_it_is_found.sh LIBDIR DOCDIR
set -eu
if ldconfig -v -N 2>/dev/null | grep -q "^$1:"; then
  echo "tasker_core: run ldconfig once as root, so that programs find the library in $1"
else
  echo "tasker_core: the loader does not search $1: link programs with -Wl,-rpath,$1"
  echo "  (or add this folder to a file of /etc/ld.so.conf.d, and run ldconfig)"
fi
echo "  pkg-config finds it with PKG_CONFIG_PATH=$1/pkgconfig, CMake with CMAKE_PREFIX_PATH or tasker_core_DIR; see $2/C_API.md"
