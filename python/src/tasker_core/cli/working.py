"""The worker of a module."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import click

from ..worker import Worker


def load(name: str) -> Any:
    """What a module has under MODULE:NAME; without a name its worker, else its register.

    Raises:
        UsageError: where there is no such thing, or it is neither a Worker nor a function.
    """
    module_name, _, attribute = name.partition(":")
    # As a script's folder is: the module is found where the command is given.
    sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise click.UsageError(f"there is no module {error.name} here, or on PYTHONPATH") from error
    for wanted in [attribute] if attribute else ["worker", "register"]:
        found = getattr(module, wanted, None)
        if isinstance(found, Worker) or (callable(found) and not isinstance(found, type)):
            return found
    what = attribute or "worker (a Worker), nor register (a function that is given one)"
    raise click.UsageError(f"the module {module_name} has no {what}")


def build(found: Any, make: Callable[[dict[str, Any]], Worker], options: dict[str, Any]) -> Worker:
    """The worker to run.

    Args:
        found: a Worker, or a function that adds handlers to one.
        make: makes one of options.
        options: those that were given.

    Raises:
        UsageError: for options beside a Worker that has its own.
    """
    if not isinstance(found, Worker):
        worker = make(options)
        found(worker)
        return worker
    if options:
        names = ", ".join(sorted(options))
        raise click.UsageError(
            f"the module's Worker has its own settings, so that {names} cannot be given; "
            "give the module a function register(worker) instead"
        )
    return found
