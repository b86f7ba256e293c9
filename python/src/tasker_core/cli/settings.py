"""Settings of connections, as NAME=VALUE."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from ..settings import NAMES
from .frame import Decorator

connection_settings: Decorator = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help=f"A setting of the connections: {', '.join(NAMES)}.",
)


def read_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Reads NAME=VALUE; a value that is not JSON is text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(
                f"--set {pair} is not a setting; pass NAME=VALUE, as --set event_relay=true"
            )
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
