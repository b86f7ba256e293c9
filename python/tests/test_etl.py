"""The example with Ruby at both ends and Python in the middle, as a reader runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import psycopg
import pytest
from support import ROOT

RUN = ROOT / "examples" / "etl" / "run.rb"
COMPILED = ROOT / "lib" / "tasker_core" / "tasker_core_native.so"


@pytest.mark.skipif(
    not (shutil.which("bundle") and COMPILED.exists()), reason="needs Ruby and bin/test ruby's rake compile"
)
def test_ruby_and_python_share_a_workflow(empty_url: str) -> None:
    # On the stand-in: the engine would have to run outside of Bundler.
    own = {"DATABASE_URL": empty_url, "PYTHON": sys.executable, "TASKS": "3", "TASKER_ENGINE_PATH": ""}
    environment = {**os.environ, **own}
    ended = subprocess.run(
        ["bundle", "exec", "ruby", "-W0", str(RUN)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(re.findall(r"^ruby: task \d+ is complete; Python dropped 20 sales$", ended.stdout, re.M)) == 3
    assert "python: Tally(completed=9, failed=0, late=0)" in ended.stdout

    with psycopg.connect(empty_url) as connection:
        found = connection.execute(
            "SELECT named.name, count(*), sum(step.attempts), bool_and(audit.to_state = 'complete')"
            " FROM tasker_workflow_steps step JOIN tasker_named_steps named USING (named_step_id)"
            " JOIN tasker_workflow_step_transitions audit USING (workflow_step_id)"
            " WHERE audit.most_recent GROUP BY named.name ORDER BY named.name"
        ).fetchall()
    assert found == [(name, 3, 3, True) for name in ("clean", "extract", "load", "totals", "trend")]
