"""Settings of workers, and the line that shows their progress."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable

import pytest
from support import Rows
from workers import TASK

from tasker_core import ConfigurationError, Step, Worker
from tasker_core.worker.tally import Counter, Progress, Tally


class TestSettings:
    def test_that_cannot_be_used_are_refused(self, url: str) -> None:
        for options in (
            {"concurrency": 0},
            {"concurrency": "4"},
            {"processes": -1},
            {"poll_interval": 0},
            {"heartbeat": float("nan")},
            {"grace": -1},
        ):
            with pytest.raises(ConfigurationError, match=next(iter(options))):
                Worker(url, **options)

    def test_register_each_step_once(self, worker: Worker) -> None:
        @worker.step("plain", "one")
        def handler(_: Step) -> None: ...

        with pytest.raises(ConfigurationError, match="default/plain one has a handler already"):
            worker.add(handler, "default/plain", "one")
        with pytest.raises(ConfigurationError, match="cannot be the handler"):
            worker.add("no function", "plain", "two")  # type: ignore[arg-type]
        worker.add(handler, "plain", "one", version="2.0.0")
        assert re.fullmatch(r"<Worker of 2 steps, \S+/\w+>", repr(worker))

    def test_without_a_handler_are_an_error(self, worker: Worker) -> None:
        with pytest.raises(ConfigurationError, match="has no handler"):
            worker.run()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress:
    def test_is_one_line_in_a_terminal(self) -> None:
        terminal = Terminal()
        progress = Progress(terminal)
        progress.show(Tally(completed=1))
        progress.show(Tally(completed=2))
        progress.close(Tally(2, 1, 0))
        lines = terminal.getvalue()
        assert lines.count("\r\x1b[2K") == 2
        assert lines.count("\n") == 1
        assert re.search(r"2 steps completed, 1 failed, 0 late in [\d.]+ s, [\d.]+/s\n\Z", lines)

    def test_is_plain_lines_elsewhere(
        self, make: Callable[..., Worker], rows: Rows, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows.workflow(1)
        worker = make(progress=True)
        worker.add(lambda _: None, TASK, "step_1")
        worker.run(until_idle=True)
        lines = capsys.readouterr().err.splitlines()
        assert lines[-1].startswith("1 steps completed, 0 failed, 0 late in ")
        assert not any("\r" in line for line in lines)

    def test_counts_what_threads_add(self) -> None:
        seen: list[Tally] = []
        counter = Counter(seen.append)
        threads = [threading.Thread(target=lambda: counter.add(completed=1)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counter.tally == Tally(completed=8) == seen[-1]
