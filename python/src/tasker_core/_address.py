"""The database of a URL, without its password."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

# libpq's keyword=value pairs.
_PAIR = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S*)")
# Up to the last @, because a password may have any character, even one that should be escaped.
_IN_URL = re.compile(r"(?<=://)\S*@")
_IN_PAIR = re.compile(r"\b((?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]*)", re.IGNORECASE)


def address(url: str) -> str:
    """The host, port and database of a URL, such as "db.example:5432/shop"."""
    if "://" not in url:
        pairs = {key: value.strip("'") for key, value in _PAIR.findall(url)}
        return _told(pairs.get("host", ""), pairs.get("port", ""), pairs.get("dbname", ""))
    rest, _, query = url.partition("://")[2].rpartition("@")[2].partition("?")
    hosts, _, database = rest.partition("/")
    given = parse_qs(query)
    host = hosts or ",".join(given.get("host", ()))
    return _told(host, ",".join(given.get("port", ())), unquote(database) or "".join(given.get("dbname", ())))


def _told(host: str, port: str, database: str) -> str:
    return f"{host or 'localhost'}{':' + port if port else ''}/{database}"


def hidden(text: str) -> str:
    """A text without the password of a URL in it."""
    return _IN_PAIR.sub(r"\1***", _IN_URL.sub("***@", text))
