"""Loads the worker of a module."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import click

from ..worker import Worker


def load(name: str) -> Any:
    """The object of MODULE:NAME; without a name the module's worker, or its register.

    Raises:
        UsageError: if there is no such object, or it is neither a Worker nor a function.
    """
    module_name, _, attribute = name.partition(":")
    # The current folder, as for a script.
    sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise click.UsageError(f"there is no module {error.name} here or on PYTHONPATH") from error
    for wanted in [attribute] if attribute else ["worker", "register"]:
        found = getattr(module, wanted, None)
        if isinstance(found, Worker) or (callable(found) and not isinstance(found, type)):
            return found
    what = attribute or "worker (a Worker) and no register (a function that receives one)"
    raise click.UsageError(f"the module {module_name} has no {what}")


def build(found: Any, make: Callable[[dict[str, Any]], Worker], options: dict[str, Any]) -> Worker:
    """The worker to run.

    Args:
        found: a Worker, or a function that adds handlers to one.
        make: creates a Worker from options.
        options: the options of the command.

    Raises:
        UsageError: if options are passed for a Worker that has its own.
    """
    if not isinstance(found, Worker):
        worker = make(options)
        found(worker)
        return worker
    if options:
        names = ", ".join(sorted(options))
        raise click.UsageError(
            f"the module's Worker has its own settings, so {names} cannot be set here; "
            "give the module a function register(worker) instead"
        )
    return found
