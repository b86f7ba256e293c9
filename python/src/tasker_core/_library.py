"""Loads the native module on first use, never earlier.

A Go runtime that was loaded in a parent hangs in its forked children, so a process that forks after
its imports (multiprocessing, gunicorn --preload) must not have it yet. A child whose parent has
loaded it loads a private copy of the file: another inode, so another mapping with its own runtime,
whose symbols are bound to itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import tempfile
import threading
from pathlib import Path
from types import ModuleType

from . import _limits
from .errors import Unavailable

_NAME = "tasker_core._native"

# The number of forks between the first process and this one. Handles and sessions store it,
# because it is cheaper to compare than the process id.
generation = 0

# Held while a core is opened again.
lock = threading.RLock()
# Held while the library is loaded, by the thread that loads it.
_loading = threading.Lock()
_native_module: ModuleType | None = None
_begun = False
_inherited = False


def native() -> ModuleType:
    """The native module of this process. It is loaded if it is not loaded yet.

    Raises:
        Unavailable: if it cannot be loaded.
    """
    return _native_module or _load()


def _load() -> ModuleType:
    """Loads on a separate thread, because signal handlers run in the main thread only.

    An exception of a handler (Ctrl-C) must not interrupt the load: it would be started again beside
    a runtime that is already running.
    """
    outcome: list[ModuleType | Exception] = []
    loader = threading.Thread(target=lambda: outcome.append(_outcome()), name="tasker_core loader")
    try:
        loader.start()
    except RuntimeError as error:
        raise Unavailable(f"the native core is not loaded: {error}", code="unavailable") from error
    loader.join()
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _outcome() -> ModuleType | Exception:
    global _native_module, _begun
    try:
        with _loading:
            if _native_module is None:
                problem = _limits.reason()
                if problem:
                    return Unavailable(f"the native core is not loaded: {problem}", code="unavailable")
                _begun = True
                _native_module = _load_private_copy() if _inherited else importlib.import_module(_NAME)
            return _native_module
    except (ImportError, OSError) as error:
        unavailable = Unavailable(
            f"the native core does not load: {error}; reinstall tasker-core", code="unavailable"
        )
        unavailable.__cause__ = error
        return unavailable
    except Exception as error:
        return error


def _load_private_copy() -> ModuleType:
    """The copy has no name while it is written, so a killed process leaves no file."""
    original = importlib.util.find_spec(_NAME)
    if original is None or original.origin is None:
        raise ImportError(f"{_NAME} is not installed")
    with tempfile.TemporaryDirectory(prefix="tasker_core") as folder:
        name = Path(folder, Path(original.origin).name)
        with open(name, "xb", buffering=0, opener=_executable) as copy, open(original.origin, "rb") as source:
            name.unlink()
            shutil.copyfileobj(source, copy, 1 << 20)
            name.symlink_to(f"/proc/{os.getpid()}/fd/{copy.fileno()}")
            return _execute(name)


def _executable(path: str, flags: int) -> int:
    return os.open(path, flags, 0o700)


def _execute(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_NAME, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not an extension module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _after_fork() -> None:
    """Another thread may have held a lock, and the loaded library does not work in this process."""
    global generation, lock, _loading, _native_module, _inherited
    generation += 1
    lock = threading.RLock()
    _loading = threading.Lock()
    _native_module = None
    _inherited = _begun


os.register_at_fork(after_in_child=_after_fork)
