"""The command line, tasker-core: docs/PYTHON.md. It needs the extra [cli]."""

from __future__ import annotations

import importlib
import io
import sys

#: The packages of the extra [cli].
_NEEDED = ("click", "rich")
#: The exit code of sysexits.h for a missing service.
_UNAVAILABLE = 69


def main() -> None:
    """Runs the command of sys.argv, and exits with its code."""
    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            print(
                f"tasker-core: the command line needs {name}; get it with: pip install 'tasker-core[cli]'",
                file=sys.stderr,
            )
            sys.exit(_UNAVAILABLE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # On a terminal without these characters they become question marks.
            stream.reconfigure(errors="replace")
    from .commands import run

    sys.exit(run(sys.argv[1:]))
