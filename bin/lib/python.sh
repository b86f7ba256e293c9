# shellcheck shell=bash
# The Python that the wheel is built and tested with, and its virtual environment in
# tmp/python. Sourced after common.sh.

PYTHON_MINIMUM=3.10
PYTHON_VENV="$ROOT/tmp/python"
readonly PYTHON_MINIMUM PYTHON_VENV

# Succeeds where the Python given is new enough, can make virtual environments with
# pip, and has its C headers.
python_fits() {
  "$1" - "$PYTHON_MINIMUM" >/dev/null 2>&1 <<'PYTHON'
import ensurepip, os, platform, sys, sysconfig, venv
fits = sys.version_info[:2] >= tuple(map(int, sys.argv[1].split(".")))
headers = os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h"))
sys.exit(not (fits and headers and platform.python_implementation() == "CPython"))
PYTHON
}

# Sets PYTHON to the first fitting one of the PATH. Fails where there is none.
select_python() {
  local python
  for python in $(all_on_path python3); do
    if python_fits "$python"; then
      PYTHON=$python
      return 0
    fi
  done
  return 1
}

python_tools_state() { { "$PYTHON" -c 'import sys; print(sys.version)' && cat "$ROOT/python/requirements-dev.txt"; } | cksum; }

# Makes the virtual environment with what the tests of the wheel need. It is made anew
# where the list of tools or the Python has changed.
setup_python_tools() {
  local stamp="$PYTHON_VENV/tools"
  select_python || { note "no python3 >= $PYTHON_MINIMUM with headers and venv here; bin/setup says what to do"; return 1; }
  [ "$(cat "$stamp" 2>/dev/null)" = "$(python_tools_state)" ] && return 0
  rm -rf "$PYTHON_VENV"
  "$PYTHON" -m venv "$PYTHON_VENV" || return
  # Python compiles what is imported, which is a part of it.
  "$PYTHON_VENV/bin/pip" install --quiet --no-compile --disable-pip-version-check -r "$ROOT/python/requirements-dev.txt" || return
  python_tools_state >"$stamp"
}

# Builds the wheel into tmp/wheel, once for all tests, and installs it. What makes a
# second build short is Go's own cache; setuptools would pack files of yesterday.
install_wheel() {
  rm -rf "$ROOT/tmp/wheel" "$ROOT/python/build"
  "$PYTHON_VENV/bin/pip" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$ROOT/tmp/wheel" "$ROOT/python" || return
  "$PYTHON_VENV/bin/pip" install --quiet --no-deps --force-reinstall "$ROOT"/tmp/wheel/tasker_core-*.whl
}
