"""The command line, on a real database and a real terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import terminal
from conftest import server_url
from support import Rows
from terminal import Terminal, plain, run
from workers import Database, eventually

import tasker_core
from tasker_core import NewStep

SECRET = "geh/ei@m"
HANDLERS = """
import time, tasker_core

def register(worker):
    @worker.step("etl/report", "extract")
    def extract(step):
        if step.context.get("breaks"):
            raise tasker_core.PermanentError("it is broken")
        return {"rows": 3}

    for name in ("score", "load"):
        worker.add(later, "etl/report", name)

def later(step):
    time.sleep(0.2)

worker = tasker_core.Worker(%r, owns_tasks=True)
worker.add(later, "etl/report", "extract")
"""


@pytest.fixture
def handlers(tmp_path: Path, url: str) -> str:
    (tmp_path / "handlers.py").write_text(HANDLERS % url)
    return str(tmp_path)


@pytest.fixture
def task_id(client: tasker_core.Client) -> int:
    steps: list[Any] = ["extract", NewStep("score", ["extract"]), NewStep("load", ["score", "extract"])]
    return client.create_task("report", namespace="etl", context={"a": 1}, steps=steps).task_id


def test_a_task_from_nothing_to_its_end(empty_url: str, tmp_path: Path) -> None:
    there = {"TASKER_CORE_DATABASE_URL": empty_url, "PYTHONPATH": str(tmp_path)}
    (tmp_path / "handlers.py").write_text(HANDLERS % empty_url)
    found = run("doctor", **there)
    assert (found.returncode, "install-schema creates" in found.stdout) == (1, True)
    assert run("check", **there).returncode == 1
    assert "were created" in run("install-schema", **there).stdout
    again = run("install-schema", **there)
    assert (again.returncode, again.stdout) == (3, "")
    assert run("check", **there).stdout.endswith("\nclean\n")
    found = run("doctor", "--json", **there)
    assert found.returncode == 0, found.stdout
    assert {finding["level"] for finding in json.loads(found.stdout)} == {"ok"}
    steps = ("--step", "extract", "--step", "score:extract", "--step", "load:score,extract")
    made = run(
        "create", "report", "--namespace", "etl", *steps, "--context", '{"day": 1.10}', "--tag", "a", **there
    )
    assert made.returncode == 0, made.stderr
    worked = run("worker", "handlers:register", "--owns-tasks", "--until-idle", **there)
    assert (worked.returncode, worked.stdout) == (0, "3 steps completed, 0 failed, 0 late\n")
    watched = run("watch", made.stdout.strip(), **there)
    assert watched.returncode == 0
    assert re.fullmatch(
        r"task \d+ etl/report 0.1.0: complete, 3 of 3 steps done\n"
        r"  ●   extract  complete     attempt 1/3    \d+ ms\n"
        r"  ├─● score    complete     attempt 1/3    \d+ ms\n"
        r"  ●─╯ load     complete     attempt 1/3    \d+ ms\n",
        watched.stdout,
    ), watched.stdout
    with psycopg.connect(empty_url) as connection:
        (context,) = connection.execute("SELECT context::text FROM tasker_tasks").fetchone() or ()
    assert context == '{"day": 1.10}'


def test_a_terminal_is_drawn_anew_as_a_task_goes_on(url: str, task_id: int, handlers: str) -> None:
    with Terminal("watch", url, task_id, "--seconds", "0.05") as screen:
        first = screen.until(lambda frame: "Ctrl-C quits" in frame)
        assert "\x1b[90m○\x1b[0m" in first
        assert "  ├─○ score    pending" not in plain(first)
        assert plain(first).splitlines()[:4] == [
            f"task {task_id} etl/report 0.1.0: pending, 0 of 3 steps done",
            "○   extract  pending",
            "├─○ score    pending",
            "○─╯ load     pending",
        ]
        worked = run("worker", url, "handlers:register", "--owns-tasks", "--until-idle", PYTHONPATH=handlers)
        assert worked.returncode == 0, worked.stderr
        assert screen.end() == 0
    assert any("◐" in frame and "in progress  attempt 1/3" in frame for frame in screen.frames)
    last = plain(screen.frames[-1])
    assert last.startswith(f"task {task_id} etl/report 0.1.0: complete, 3 of 3 steps done\n")
    assert last.count("●") == 3
    assert "Ctrl-C" not in last


def test_lines_for_each_change_where_there_is_no_terminal(
    client: tasker_core.Client, url: str, task_id: int
) -> None:
    step = client.viable_steps(task_id)[0]
    with subprocess.Popen(
        [*terminal.COMMAND, "watch", url, str(task_id), "--seconds", "0.05"],
        stdout=subprocess.PIPE,
        text=True,
        env=terminal.environment(),
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        client.transition_step_or_raise(step, to="in_progress")
        lines.append(process.stdout.readline())
        client.transition_task_or_raise(task_id, to="in_progress")
        lines.append(process.stdout.readline())
        client.transition_task_or_raise(task_id, to="error")
        lines += process.stdout.readlines()
        assert process.wait(timeout=30) == 1
    told = "".join(lines)
    assert "\x1b" not in told
    assert [re.sub(r" +\d+\.\d\d s  |\d+ ms", "", line.rstrip()) for line in lines[4:8]] == [
        "extract: in progress, attempt 1/3, ",
        f"task {task_id}: in progress",
        f"task {task_id}: error",
        f"task {task_id} etl/report 0.1.0: error, 0 of 3 steps done",
    ]
    assert [line[:16] for line in lines[1:4]] == ["  ○   extract  p", "  ├─○ score    p", "  ○─╯ load     p"]
    assert len(lines) == 11


def test_colours_can_be_had_without(url: str, task_id: int) -> None:
    with Terminal("watch", url, task_id, NO_COLOR="1") as screen:
        screen.until(lambda frame: "Ctrl-C quits" in frame)
        assert "\x1b[" not in screen.frames[0]


@pytest.mark.parametrize("columns", [1, 7, 20, 43])
def test_a_narrow_terminal_gets_lines(url: str, task_id: int, columns: int) -> None:
    with Terminal("watch", url, task_id, columns=columns) as screen:
        screen.until(lambda frame: frame.count("\n") >= 4)
        assert "\x1b" not in screen.output


def test_a_terminal_without_the_letters_gets_question_marks(client: tasker_core.Client, url: str) -> None:
    made = client.create_task("x", steps=["prüfen"], context={"a": 1})
    client.transition_task_or_raise(made.task_id, to="cancelled")
    watched = run("watch", url, made.task_id, PYTHONIOENCODING="ascii")
    assert watched.returncode == 2
    assert "? pr?fen  pending" in watched.stdout
    drawn = run("draw", url, made.task_id, PYTHONIOENCODING="ascii")
    assert "prüfen" in drawn.stdout


def test_ctrl_c_leaves_the_task_alone(client: tasker_core.Client, url: str, task_id: int) -> None:
    with Terminal("watch", url, task_id) as screen:
        screen.until(lambda frame: "Ctrl-C quits" in frame)
        screen.press(b"\x03")
        assert screen.end() == 130
    assert "Traceback" not in screen.output
    assert client.current_task_state(task_id) == "pending"


def test_a_database_that_comes_back_is_waited_for(url: str, task_id: int, client: tasker_core.Client) -> None:
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    allow = f"ALTER DATABASE {name} ALLOW_CONNECTIONS "
    with (
        psycopg.connect(server_url(), autocommit=True) as server,
        Terminal("watch", url, task_id, "--seconds", "0.1", columns=120) as screen,
    ):
        screen.until(lambda frame: "Ctrl-C quits" in frame)
        try:
            server.execute((allow + "false").encode())
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            lost = screen.until(lambda frame: "no answer from the database" in frame)
        finally:
            server.execute((allow + "true").encode())
        assert "extract  pending" in plain(lost)
        screen.until(lambda frame: "Ctrl-C quits" in frame)
        client.transition_task_or_raise(task_id, to="cancelled")
        assert screen.end() == 2


def test_watch_ends_as_the_task(client: tasker_core.Client, url: str, task_id: int) -> None:
    client.transition_task_or_raise(task_id, to="cancelled")
    assert run("watch", url, task_id).returncode == 2
    unknown = run("watch", url, 1)
    assert (unknown.returncode, unknown.stderr) == (3, "tasker-core: there is no task 1\n")


@pytest.mark.parametrize("where", ["argument", "variable", "pairs"])
def test_no_password_is_shown(where: str) -> None:
    url = f"postgresql://u:{SECRET}@127.0.0.1:1/shop"
    if where == "pairs":
        url = f"host=127.0.0.1 port=1 dbname=shop user=u password='{SECRET}'"
    given = ["--url", url] if where != "variable" else []
    variables = {"DATABASE_URL": url} if where == "variable" else {}
    commands = (
        ["doctor"],
        ["watch", "1"],
        ["draw", "x"],
        ["watch", "1", url, url, url],
        ["stuck", "--no", url],
    )
    for command in commands:
        found = run(*command, *given, **variables)
        assert found.returncode in (1, 3, 64)
        assert "geh" not in found.stdout + found.stderr, command
        assert "Traceback" not in found.stderr, found.stderr


def test_the_address_is_shown() -> None:
    found = run("doctor", "postgresql://u:secret@127.0.0.1:1/shop")
    assert found.returncode == 1
    assert "PROBLEM database: 127.0.0.1:1/shop: " in found.stdout


def test_stuck_steps_are_listed_and_taken(url: str, rows: Rows, connection: psycopg.Connection) -> None:
    task_id, (step_id,) = rows.workflow(state="in_progress", step_states=["in_progress"])
    connection.execute(
        "UPDATE tasker_workflow_step_transitions"
        " SET created_at = now() - interval '1 hour', updated_at = now() - interval '1 hour'"
    )
    assert run("stuck", url, "--older-than", "2h").stdout == ""
    found = run("stuck", url, "--older-than", "10m")
    assert found.stdout.startswith(f"{task_id}\t{step_id}\tstep_1\t")
    assert found.stderr == "1 steps and 0 tasks have been stuck for more than 600 seconds\n"
    with Terminal("stuck", url) as screen:
        assert screen.end() == 0
    assert re.search(r"task +step +name +in progress since +attempts", plain(screen.output))
    assert json.loads(run("stuck", url, "--json").stdout)["steps"][0]["workflow_step_id"] == step_id
    taken = run("reset-stuck", url)
    assert taken.stdout == f"{task_id}\t{step_id}\tstep_1\tpending\t1\n"
    assert str(task_id) in taken.stderr
    assert json.loads(run("stuck", url, "--json").stdout) == {"steps": [], "tasks": []}


def test_a_drawing_is_what_its_name_says(url: str, task_id: int, tmp_path: Path) -> None:
    assert run("draw", url, task_id, tmp_path / "task.svg").returncode == 0
    assert (tmp_path / "task.svg").read_text().startswith("<svg")
    assert run("draw", url, task_id, tmp_path / "task.MMD").returncode == 0
    assert "flowchart" in (tmp_path / "task.MMD").read_text()
    assert (
        run("draw", url, task_id, "--format", "mermaid").stdout == (tmp_path / "task.MMD").read_text() + "\n"
    )
    refused = run("draw", url, task_id, tmp_path / "task.png")
    assert (refused.returncode, (tmp_path / "task.png").exists()) == (64, False)
    assert "a drawing is written to .svg, or to .mmd or .md for Mermaid" in refused.stderr
    assert run("draw", url, task_id, tmp_path / "none" / "task.svg").returncode == 3
    assert run("draw", url, 1).returncode == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "which steps?"),
        (["a", "--step", "a"], "which context?"),
        (["a", "--step", "a", "--context", "{"], "--context is not valid JSON"),
        (["a", "--step", "a", "--context", "[1]"], "must be a JSON object"),
        (["a", "--step", "a", "--context", "{}"], "context is empty"),
        (["a", "--step", "a:b", "--context", '{"a": 1}'], 'depends_on of the step "a" has "b"'),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_made_is_refused(url: str, arguments: list[str], message: str) -> None:
    refused = run("create", url, *arguments)
    assert refused.returncode == 64
    assert message in refused.stderr


def test_steps_come_from_a_file_too(client: tasker_core.Client, url: str) -> None:
    steps = json.dumps(["a", {"name": "b", "depends_on": ["a"], "retry_limit": 7}])
    made = run("create", url, "x", "--steps-file", "-", "--context", '{"a": 1}', "--json", stdin=steps)
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert list(found["step_ids"]) == ["a", "b"]
    limits = {row.name: row.retry_limit for row in client.step_readiness(found["task_id"])}
    assert limits == {"a": 3, "b": 7}


#: How many sessions hear events: the command's; who only publishes has none.
LISTENING = (
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
)


def test_events_of_other_processes_come_as_lines_and_as_json(url: str, database: Database) -> None:
    for options, read in (([], str), (["--json"], json.loads)):
        eventually(lambda: database.value(LISTENING) == 0)
        with (
            subprocess.Popen(
                [*terminal.COMMAND, "events", url, "order.*", "--count", "2", *options],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=terminal.environment(),
            ) as process,
            tasker_core.connect(url, event_relay=True) as client,
        ):
            eventually(lambda: database.value(LISTENING) == 1)
            for _ in range(2):
                client.publish("order.shipped", {"n": 1.5}, task_id=7, namespace="shop", task_name="t")
            out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        lines: list[Any] = [read(line) for line in out.splitlines()]
        assert len(lines) == 2
        if read is str:
            assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:.+]+  order.shipped  task 7 shop/t", str(lines[0]))
        else:
            assert (lines[0]["name"], lines[0]["payload"]) == ("order.shipped", {"n": 1.5})


def test_it_is_said_where_no_event_can_come(url: str) -> None:
    nowhere = "event_relay_url=postgresql://u:secret@127.0.0.1:1/shop"
    found = run("events", url, "--seconds", "0.2", "--set", nowhere)
    assert (found.returncode, found.stdout) == (0, "")
    assert found.stderr.startswith("tasker-core: no events arrive yet: ")
    assert "secret" not in found.stderr


def test_events_end_after_a_time(url: str) -> None:
    found = run("events", url, "--seconds", "0.2")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_a_module_may_have_a_worker_of_its_own(
    client: tasker_core.Client, task_id: int, handlers: str
) -> None:
    found = run("worker", "handlers", "--until-idle", PYTHONPATH=handlers)
    assert (found.returncode, found.stdout) == (0, "1 steps completed, 0 failed, 0 late\n"), found.stderr
    assert client.current_task_state(task_id) == "in_progress"
    refused = run("worker", "handlers", "--concurrency", "2", PYTHONPATH=handlers)
    assert refused.returncode == 64
    assert "has its own settings, so concurrency cannot be set here" in refused.stderr


def test_processes_find_the_handlers(
    client: tasker_core.Client, url: str, task_id: int, handlers: str
) -> None:
    # Functions of the module only: those within register cannot be sent to a process.
    Path(handlers, "sent.py").write_text(
        "from handlers import later\n"
        "def register(worker):\n"
        "    for name in ('extract', 'score', 'load'): worker.add(later, 'etl/report', name)\n"
    )
    options = ("--processes", "1", "--owns-tasks", "--until-idle", "--set", "pool_max_connections=3")
    found = run("worker", url, "sent", *options, PYTHONPATH=handlers)
    assert (found.returncode, found.stdout) == (0, "3 steps completed, 0 failed, 0 late\n"), found.stderr
    assert client.current_task_state(task_id) == "complete"


def test_a_worker_tells_what_failed(client: tasker_core.Client, url: str, handlers: str) -> None:
    client.create_task("report", namespace="etl", context={"breaks": True}, steps=["extract"])
    found = run("worker", url, "handlers:register", "--owns-tasks", "--until-idle", PYTHONPATH=handlers)
    assert (found.returncode, found.stdout) == (1, "0 steps completed, 1 failed, 0 late\n")


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("no_such_module", "there is no module no_such_module"),
        ("handlers:nobody", "the module handlers has no nobody"),
        ("json", "the module json has no worker"),
    ],
)
def test_a_worker_that_is_not_there(url: str, handlers: str, module: str, message: str) -> None:
    found = run("worker", url, module, PYTHONPATH=handlers)
    assert (found.returncode, message in found.stderr) == (64, True), found.stderr


def test_a_setting_that_is_none_is_refused(url: str, handlers: str) -> None:
    for given in ("pool_max", "pool_max_connections=many"):
        found = run("worker", url, "handlers:register", "--set", given, PYTHONPATH=handlers)
        assert (found.returncode, "pool_max" in found.stderr) == (64, True), found.stderr


def test_verify_is_for_rails() -> None:
    found = run("verify", "--all", "x")
    assert found.returncode == 2
    assert "bin/rails tasker_core:verify" in found.stderr


def test_a_database_must_be_named() -> None:
    found = run("doctor")
    assert found.returncode == 64
    assert "TASKER_CORE_DATABASE_URL or DATABASE_URL" in found.stderr


def test_every_command_has_help_with_an_example() -> None:
    listed = re.findall(r"^  ([a-z-]+)  ", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert {"doctor", "create", "watch", "draw", "stuck", "reset-stuck", "events", "worker"} < set(listed)
    for name in listed:
        shown = run(name, "--help")
        assert shown.returncode == 0
        assert "  tasker-core " + name in shown.stdout or name == "verify", name
    assert run().stdout == run("--help").stdout
    assert run("wach").returncode == 64
    assert run("--version").stdout == f"tasker-core {tasker_core.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    assert "_TASKER_CORE_COMPLETE" in run("completion", shell).stdout
    words = {"COMP_WORDS": "tasker-core wa", "COMP_CWORD": "1"}
    asked = run(_TASKER_CORE_COMPLETE="bash_complete", **words)
    assert asked.stdout == "plain,watch\n"


def test_a_reader_that_leaves_is_no_error(url: str) -> None:
    script = f'"{sys.executable}" -m tasker_core check "{url}" | sleep 0; echo "${{PIPESTATUS[0]}}"'
    found = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert found.stdout.strip() == "130"
    assert found.stderr == ""


def test_without_the_extra_it_says_how_to_get_it() -> None:
    script = "import sys; sys.modules['rich'] = None; from tasker_core.cli import main; main()"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert found.returncode == 69
    assert found.stderr == (
        "tasker-core: the command line needs rich; get it with: pip install 'tasker-core[cli]'\n"
    )


def test_the_script_is_installed(url: str) -> None:
    script = Path(sys.executable).with_name("tasker-core")
    found = subprocess.run(
        [script, "doctor", url], capture_output=True, text=True, check=False, env=os.environ
    )
    assert found.returncode == 0, found.stderr
