"""Whether a Go runtime can run in this process.

If it cannot reserve memory, start a thread or open a descriptor, it ends the process, so this is
checked before it is loaded.
"""

from __future__ import annotations

import os
import resource
import threading

_MEGABYTE = 1 << 20
# The runtime reserves far more of the address space than it uses.
_MEMORY = (
    (resource.RLIMIT_AS, 0, 2048 * _MEGABYTE, "address space", "ulimit -v"),
    (resource.RLIMIT_DATA, 5, 256 * _MEGABYTE, "data", "ulimit -d"),
)
# The number of threads and descriptors that it needs at once.
_THREADS = 8
_DESCRIPTORS = 8


def reason() -> str | None:
    """The limit of the process that is too low, and what to do; None if there is none."""
    return _memory() or _threads() or _descriptors()


def _memory() -> str | None:
    for kind, column, needed, name, command in _MEMORY:
        limit = resource.getrlimit(kind)[0]
        free = max(0, limit - _used(column))
        if limit != resource.RLIM_INFINITY and free < needed:
            return (
                f"the process may use {limit // _MEGABYTE} MB of {name}, {free // _MEGABYTE} MB are"
                f" free, and the core needs {needed // _MEGABYTE} MB: raise the limit ({command}), or lift it"
            )
    return None


def _used(column: int) -> int:
    """A column of /proc/self/statm, which counts pages, in bytes."""
    try:
        with open("/proc/self/statm") as numbers:
            return int(numbers.read().split()[column]) * resource.getpagesize()
    except OSError:
        return 0


def _threads() -> str | None:
    gate = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(_THREADS):
            thread = threading.Thread(target=gate.wait)
            thread.start()
            started.append(thread)
    except RuntimeError as error:
        return (
            f"the core needs {_THREADS} threads of its own, and no more can be started ({error}):"
            " raise the limit of processes (ulimit -u, or pids.max of the cgroup)"
        )
    finally:
        gate.set()
        for thread in started:
            thread.join()
    return None


def _descriptors() -> str | None:
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(_DESCRIPTORS))
    except OSError as error:
        return (
            f"the core needs {_DESCRIPTORS} file descriptors, and no more can be opened ({error}):"
            " raise the limit (ulimit -n)"
        )
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return None
