"""A real PostgreSQL for every test: bin/test (or bin/postgres with COMMAND) gives its URL."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import psycopg
import pytest
from support import Rows
from workers import Database

import tasker_core

VARIABLE = "TASKER_CORE_TEST_DATABASE_URL"

# The same examples in every run, and none remembered beside the sources.
hypothesis.settings.register_profile("tests", derandomize=True, database=None)
hypothesis.settings.load_profile("tests")


def server_url() -> str:
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.exit(f"{VARIABLE} is not set: run bin/test python, or bin/postgres with COMMAND", 2)
    return url


def scratch() -> Iterator[str]:
    """An empty database of its own, dropped afterwards."""
    name = f"tasker_core_python_{secrets.token_hex(4)}"
    server = server_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield re.sub(r"(//[^/]*)/[^?]*", rf"\1/{name}", server)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_url() -> Iterator[str]:
    """The URL of a database without any table."""
    yield from scratch()


@pytest.fixture(scope="session")
def _installed() -> Iterator[str]:
    for url in scratch():
        with tasker_core.connect(url) as client:
            client.install_schema()
        yield url


@pytest.fixture
def url(_installed: str) -> Iterator[str]:
    """The URL of a database made by install_schema, without rows."""
    yield _installed
    # Deleting a few rows is faster than truncating, which makes new files.
    with psycopg.connect(_installed) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'tasker_%'"
        ).fetchall()
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in tables).encode())


@pytest.fixture
def client(url: str) -> Iterator[tasker_core.Client]:
    with tasker_core.connect(url) as client:
        yield client


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def rows(connection: psycopg.Connection) -> Rows:
    return Rows(connection)


@pytest.fixture
def make(url: str) -> Callable[..., tasker_core.Worker]:
    """tasker_core.Workers that look often."""

    def make(**options: Any) -> tasker_core.Worker:
        return tasker_core.Worker(url, **{"poll_interval": 0.02, "heartbeat": 0.1, "grace": 0.2, **options})

    return make


@pytest.fixture
def worker(make: Callable[..., tasker_core.Worker]) -> tasker_core.Worker:
    return make()


@pytest.fixture
def database(connection: psycopg.Connection) -> Database:
    return Database(connection)
