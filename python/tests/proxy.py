"""A PostgreSQL whose answers can be lost."""

from __future__ import annotations

import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Proxy:
    """Stands between clients and PostgreSQL, and cuts a connection where it loses an answer."""

    def __init__(self, url: str, folder: Path) -> None:
        self._server = {key: str(value) for key, value in conninfo_to_dict(url).items()}
        self._port = self._server.get("port", "5432")
        self._folder = folder
        self._lock = threading.Lock()
        self._pattern: str | None = None
        self._connections: list[_Connection] = []
        self.lost = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{self._port}"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Of the same database, through this proxy."""
        return make_conninfo("", **{**self._server, "host": str(self._folder)})

    def lose_commit(self, pattern: str) -> None:
        """Loses the answer to the next commit of a transaction that has executed such a statement."""
        self._pattern = pattern

    def close(self) -> None:
        """Ends all connections."""
        _shut_down(self._listener)
        for connection in self._connections:
            connection.close()

    def is_due(self, statements: list[str]) -> bool:
        """Whether the commit of these loses its answer; once."""
        with self._lock:
            if self._pattern is None or not any(self._pattern in statement for statement in statements):
                return False
            self._pattern = None
            self.lost += 1
            return True

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._connections.append(_Connection(self, client, self._connect()))

    def _connect(self) -> socket.socket:
        host = self._server.get("host", "localhost")
        if not host.startswith("/"):
            return socket.create_connection((host, int(self._port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{self._port}")
        return server


class _Connection:
    """One connection, and the threads that copy its bytes."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._prepared: dict[bytes, str] = {}
        self._statements: list[str] = []
        self._losing = False
        for copy in (self._requests, self._answers):
            threading.Thread(target=self._copy, args=(copy,), daemon=True).start()

    def close(self) -> None:
        for end in (self._client, self._server):
            _shut_down(end)

    def _copy(self, copy: object) -> None:
        assert callable(copy)
        with suppress(OSError, EOFError):
            copy()
        self.close()

    def _requests(self) -> None:
        head = _read(self._client, 4)
        self._server.sendall(head + _read(self._client, struct.unpack("!I", head)[0] - 4))
        for kind, message in _messages(self._client):
            self._note(kind, message[5:])
            self._server.sendall(message)

    def _answers(self) -> None:
        for kind, message in _messages(self._server):
            if not self._losing:
                self._client.sendall(message)
            elif kind == b"Z":
                return

    def _note(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self._prepared[name] = sql.decode()
        elif kind == b"B":
            self._statements.append(self._prepared[body.split(b"\0", 2)[1]])
        elif kind == b"Q" and body.rstrip(b"\0").lower() == b"commit":
            self._losing = self._proxy.is_due(self._statements)
            self._statements = []


def _messages(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while True:
        head = _read(connection, 5)
        yield head[:1], head + _read(connection, struct.unpack("!I", head[1:])[0] - 4)


def _read(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        more = connection.recv(length - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def proxy_of(url: str) -> Iterator[Proxy]:
    """A proxy of a database; a socket's path may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="proxy") as folder:
        proxy = Proxy(url, Path(folder))
        try:
            yield proxy
        finally:
            proxy.close()
