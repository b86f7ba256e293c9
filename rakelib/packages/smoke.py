"""What the wheel must do wherever it is installed.

python smoke.py DATABASE_URL            makes the tables
python smoke.py DATABASE_URL TASK_ID    runs a task of two steps, one after the other
"""

import platform
import sys

import tasker_core


def prepare(client):
    """The engine's tables in an empty database."""
    client.install_schema()
    assert client.check_schema().harmful == []


def run(client, task_id):
    """Executes both steps."""
    done = []
    with client.open_session(task_id) as session:
        while not (batch := session.next()).empty:
            for step_id in batch.ready:
                assert client.viable_steps(task_id) == [step_id], "one step is ready at a time"
                assert session.claim(step_id).allowed
                assert session.complete(step_id, results={"answer": 42}).code == "allowed"
                done.append(step_id)
    assert len(done) == 2, done
    assert client.viable_steps(task_id) == []
    print(f"ran {len(done)} steps on CPython {platform.python_version()} {platform.machine()}")


with tasker_core.connect(sys.argv[1]) as client:
    if len(sys.argv) == 2:
        prepare(client)
    else:
        run(client, int(sys.argv[2]))
