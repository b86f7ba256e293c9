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
    """NAME=VALUE, the value read as JSON where it is that, else as text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set {pair} is no setting; give NAME=VALUE, as --set event_relay=true")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
