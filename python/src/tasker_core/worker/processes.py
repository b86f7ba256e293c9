"""A worker of several processes: each has a loop, threads and connections of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import SpawnProcess
from typing import Any

from .. import client as clients
from ..errors import ConfigurationError, Error
from ..external import StepName
from .loop import Loop, Options
from .step import StepHandler, logger
from .tally import Counter, Tally

#: How long the parent waits before it replaces a child that has died, in seconds.
REPLACE_AFTER = 1.0

#: The exit code of a child that ended with an exception: its successor would, too.
FAULT = 1

#: How often it looks at its children and their tallies, in seconds.
TICK = 0.1


@dataclass(frozen=True)
class Job:
    """All that a child has to know. Handlers travel by name: spawn imports their module."""

    url: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    handlers: Mapping[StepName, StepHandler]
    options: Options
    until_idle: bool

    def check(self) -> None:
        """Tells of handlers that a child could not find.

        Raises:
            ConfigurationError: naming the first.
        """
        for name, handler in self.handlers.items():
            try:
                pickle.dumps(handler)
            except Exception as error:
                raise ConfigurationError(
                    f"the handler of {name} cannot be used in other processes: {error}; make it a function"
                    " at the top of a module",
                    code="configuration",
                ) from error


def serve(job: Job, tally: Any, number: int) -> None:
    """What a child does."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def publish(counted: Tally) -> None:
        tally[3 * number : 3 * number + 3] = counted

    with clients.connect(job.url, **job.settings) as client:
        loop = Loop(client, job.handlers, job.options, Counter(publish), lambda: os.getppid() != parent)
        signal.signal(signal.SIGTERM, lambda *_: loop.stop())
        loop.run(until_idle=job.until_idle)


class Processes:
    """The parent of the children."""

    def __init__(self, job: Job, count: int, show: Callable[[Tally], None]) -> None:
        job.check()
        self._job = job
        self._show = show
        self._spawn = multiprocessing.get_context("spawn")
        self._tally = self._spawn.Array("q", 3 * count)
        self._before = Tally()
        self._children: list[SpawnProcess] = [self._start(number) for number in range(count)]
        self._stops = 0
        self._failed: int | None = None

    def stop(self) -> None:
        """Has every child claim no more; a second time: not wait for handlers either."""
        self._stops += 1

    @property
    def tally(self) -> Tally:
        """Of all children together."""
        counts = self._tally[:]
        return Tally(*(sum(counts[field::3]) for field in range(3))).plus(self._before)

    def run(self) -> None:
        """Until every child has ended; those that are killed are replaced.

        Raises:
            Error: if a child ended with an exception; the others are stopped then.
        """
        told = 0
        while alive := self._alive():
            if told < self._stops:
                told = self._stops
                for child in alive:
                    child.terminate()
            multiprocessing.connection.wait([child.sentinel for child in alive], TICK)
            self._show(self.tally)
        if self._failed is not None:
            raise Error(f"worker process {self._failed} ended with the error that it has written")

    def _start(self, number: int) -> SpawnProcess:
        child = self._spawn.Process(
            target=serve, args=(self._job, self._tally, number), name=f"tasker_core worker {number + 1}"
        )
        child.start()
        return child

    def _alive(self) -> list[SpawnProcess]:
        """The children, after those that were killed have been replaced."""
        alive = []
        for number, child in enumerate(self._children):
            code = child.exitcode
            if code == FAULT and not self._stops:
                self._failed = child.pid
                self._stops = 1
            elif code and not self._stops:
                alive.append(self._replace(number, child))
            elif code is None:
                alive.append(child)
        return alive

    def _replace(self, number: int, dead: SpawnProcess) -> SpawnProcess:
        logger.error(
            "worker process %d died (exit code %d) and is replaced; stuck_steps tells which steps it left",
            dead.pid,
            dead.exitcode,
        )
        time.sleep(REPLACE_AFTER)
        self._keep(number)
        self._children[number] = self._start(number)
        return self._children[number]

    def _keep(self, number: int) -> None:
        """A child that follows counts from 0 again."""
        own = slice(3 * number, 3 * number + 3)
        self._before = self._before.plus(self._tally[own])
        self._tally[own] = [0, 0, 0]
