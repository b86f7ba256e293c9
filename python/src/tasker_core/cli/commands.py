"""All commands of tasker-core, and how they run."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from . import databases, processes, tasks  # noqa: F401 -- they register their commands
from .frame import failed, guarded
from .group import main

PROGRAM = "tasker-core"
#: The exit code of verify for an unknown result, as in the rake task.
_CANNOT_TELL = 2


def run(arguments: list[str]) -> int:
    """Runs a command and returns its exit code."""

    def work() -> int:
        code = main.main(arguments, prog_name=PROGRAM, standalone_mode=False)
        return code if isinstance(code, int) else 0

    return guarded(work)


@main.command("verify", context_settings={"ignore_unknown_options": True})
@click.argument("anything", nargs=-1, type=click.UNPROCESSED)
def verify(anything: tuple[str, ...]) -> int:
    """Points to bin/rails tasker_core:verify.

    That task compares the core with the engine's Ruby code on the application's tasks, and tells
    whether it is safe to go active. This command cannot make that comparison, so it exits with 2:
    the answer is unknown.
    """
    del anything
    return failed(
        "verify needs the engine, which is in Ruby: run bin/rails tasker_core:verify in the Rails "
        "application; tasker-core check compares the database only",
        _CANNOT_TELL,
    )


@main.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Prints the completion script of a shell.

    \b
      eval "$(tasker-core completion bash)"                    # in ~/.bashrc
      eval "$(tasker-core completion zsh)"                     # in ~/.zshrc
      tasker-core completion fish > ~/.config/fish/completions/tasker-core.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        return failed(f"there is no completion for {shell}")
    click.echo(kind(main, {}, PROGRAM, "_TASKER_CORE_COMPLETE").source())
    return 0
