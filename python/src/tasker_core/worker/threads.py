"""Threads that execute steps."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from .._picture import told
from .step import logger


class Threads:
    """A fixed number of threads. A handler that never returns does not keep the process alive."""

    def __init__(self, count: int) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._run, name=f"tasker_core worker {number + 1}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def start(self, work: Callable[[], None]) -> None:
        """Runs work on a thread as soon as one is free."""
        self._work.put(work)

    def close(self) -> None:
        """Lets each thread end after its current work."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except BaseException as error:  # a lost thread would go unnoticed
                logger.error("a worker's thread continues after %s", told(error))
