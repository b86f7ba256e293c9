"""Threads that execute steps."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from .._picture import told
from .step import logger


class Threads:
    """A fixed number of threads. One whose handler never returns does not keep the process alive."""

    def __init__(self, count: int) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._run, name=f"tasker_core worker {number + 1}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def start(self, work: Callable[[], None]) -> None:
        """Has a thread do this as soon as one is free."""
        self._work.put(work)

    def close(self) -> None:
        """Lets each thread end after what it does now."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except BaseException as error:  # a thread less would be noticed by nobody
                logger.error("a worker's thread goes on after %s", told(error))
