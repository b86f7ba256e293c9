"""The command line, tasker-core: docs/PYTHON.md. It needs the extra [cli]."""

from __future__ import annotations

import importlib
import io
import sys

#: What the extra [cli] brings.
_NEEDED = ("click", "rich")
#: As sysexits.h has it for something that is not there.
_UNAVAILABLE = 69


def main() -> None:
    """Runs the command that sys.argv names, and exits with its code."""
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
            # A terminal without these letters gets question marks, and no failure.
            stream.reconfigure(errors="replace")
    from .commands import run

    sys.exit(run(sys.argv[1:]))
