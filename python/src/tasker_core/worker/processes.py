"""A worker of several processes: each has its own loop, threads and connections."""

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

#: The pause before the parent replaces a child that has died, in seconds.
REPLACE_AFTER = 1.0

#: The exit code of a child that ended with an exception; its successor would end the same way.
FAULT = 1

#: The interval at which the parent checks its children and their tallies, in seconds.
TICK = 0.1


@dataclass(frozen=True)
class Job:
    """The data for a child. Handlers are passed by name, because spawn imports their module."""

    url: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    handlers: Mapping[StepName, StepHandler]
    options: Options
    until_idle: bool

    def check(self) -> None:
        """Checks that a child could find every handler.

        Raises:
            ConfigurationError: if not; the message names the first.
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
    """The main function of a child."""
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
        """Makes every child stop claiming; a second call also stops waiting for handlers."""
        self._stops += 1

    @property
    def tally(self) -> Tally:
        """The sum over all children."""
        counts = self._tally[:]
        return Tally(*(sum(counts[field::3]) for field in range(3))).plus(self._before)

    def run(self) -> None:
        """Runs until every child has ended; children that are killed are replaced.

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
            raise Error(f"worker process {self._failed} ended with the error that it has logged")

    def _start(self, number: int) -> SpawnProcess:
        child = self._spawn.Process(
            target=serve, args=(self._job, self._tally, number), name=f"tasker_core worker {number + 1}"
        )
        child.start()
        return child

    def _alive(self) -> list[SpawnProcess]:
        """The children, after replacing those that were killed."""
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
            "worker process %d died (exit code %d) and is replaced; stuck_steps lists the steps that it left",
            dead.pid,
            dead.exitcode,
        )
        time.sleep(REPLACE_AFTER)
        self._keep(number)
        self._children[number] = self._start(number)
        return self._children[number]

    def _keep(self, number: int) -> None:
        """Keeps a child's tally, because its successor counts from 0 again."""
        own = slice(3 * number, 3 * number + 3)
        self._before = self._before.plus(self._tally[own])
        self._tally[own] = [0, 0, 0]
