"""Loads the native module, on first use and never earlier.

A Go runtime that was loaded in a parent hangs in its forked children, so a process that
forks after its imports (multiprocessing, gunicorn --preload) must not have it yet. A
child whose parent had loaded it loads a private copy of the file: another inode, so
another mapping with a runtime of its own, whose symbols are bound to itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType

from .errors import Unavailable

_NAME = "tasker_core._native"

# How many forks lie between the first process and this one. What belongs to one process
# (handles, sessions) notes it, which is cheaper to compare than the process id.
generation = 0

# Held while something is loaded or opened.
lock = threading.RLock()
_native_module: ModuleType | None = None
_inherited = False


def native() -> ModuleType:
    """The native module of this process, loaded where it is not yet.

    Raises:
        Unavailable: if it cannot be loaded.
    """
    return _native_module or _load()


def _load() -> ModuleType:
    global _native_module
    with lock:
        if _native_module is None:
            try:
                _native_module = _load_private_copy() if _inherited else importlib.import_module(_NAME)
            except (ImportError, OSError) as error:
                raise Unavailable(
                    f"the native core does not load: {error}; reinstall tasker-core", code="unavailable"
                ) from error
        return _native_module


def _load_private_copy() -> ModuleType:
    original = sys.modules[_NAME].__file__ or ""
    with tempfile.TemporaryDirectory(prefix="tasker_core") as folder:
        copy = shutil.copy(original, Path(folder, Path(original).name))
        spec = importlib.util.spec_from_file_location(_NAME, copy)
        if spec is None or spec.loader is None:
            raise ImportError(f"{copy} is no extension module")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def _after_fork() -> None:
    """Another thread may have held the lock, and what was loaded is dead here."""
    global generation, lock, _native_module, _inherited
    generation += 1
    lock = threading.RLock()
    _native_module = None
    _inherited = _NAME in sys.modules


os.register_at_fork(after_in_child=_after_fork)
