"""The file that names the nodes: TOML, one table a node, never a password.

::

    default = "archive"

    [nodes.archive]
    host = "pacs.example.org"
    port = 11112
    ae_title = "ARCHIVE"

    [nodes.web]
    url = "https://pacs.example.org/dicom-web"
    user = "mcdetect"
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from MCDetect.dicom.pacs.nodes import Configuration, DicomNode, Node, Tls, WebNode
from MCDetect.dicom.pacs.requirements import require
from MCDetect.errors import UsageError

_PAGE = "docs/pacs.md shows what the file may hold."


def configuration_path() -> Path:
    """Return where the configuration of this user is, whether or not it exists."""
    require("platformdirs")
    from platformdirs import user_config_path

    return user_config_path("mcdetect", appauthor=False) / "nodes.toml"


def read_configuration(path: Path | None = None) -> Configuration:
    """Read the nodes.

    Parameters
    ----------
    path
        The file; None: that of the user.

    Raises
    ------
    UsageError
        ``no-configuration``, ``cannot-read`` or ``wrong-configuration`` with the table and key that is wrong;
        ``password-in-configuration`` where the file holds one.
    """
    file = configuration_path() if path is None else path
    try:
        content = _parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            "no-configuration",
            f"There is no {file}, which names the PACS.",
            "Write it as docs/pacs.md shows, or name another with --config.",
        ) from None
    except OSError as error:
        raise UsageError(
            "cannot-read", f"{file} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    except ValueError as error:  # not UTF-8, or not TOML
        where = re.search(r"line \d+", str(error))
        place = f" ({where.group()})" if where else ""
        raise UsageError("wrong-configuration", f"{file} is not a TOML file{place}.", _PAGE) from None
    return _configuration(file, content)


def _parse(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        require("tomli")
        import tomli as tomllib
    parsed: dict[str, Any] = tomllib.loads(text)
    return parsed


def _configuration(file: Path, content: Mapping[str, Any]) -> Configuration:
    tables = content.get("nodes")
    if not isinstance(tables, dict) or not tables:
        raise _wrong(file, "it names no node")
    for key in content:
        if key not in ("nodes", "default"):
            raise _wrong(file, f"it has an unknown key {key!r}")
    nodes = {name: _node(file, name, table) for name, table in tables.items()}
    default = content.get("default")
    if default is not None and default not in nodes:
        raise _wrong(file, f"its default is {default!r}, which it does not describe")
    return Configuration(file, nodes, default)


def _node(file: Path, name: str, table: object) -> Node:
    where = f"nodes.{name}"
    if not isinstance(table, dict):
        raise _wrong(file, f"{where} is not a table")
    is_web = "url" in table
    known: Mapping[str, Callable[[object], Any]] = _WEB if is_web else _DICOM
    values = _values(file, where, table, {**known, "tls": lambda value: value})
    for key in ("url",) if is_web else ("host", "port", "ae_title"):
        if key not in values:
            wanted = "host, port and ae_title, or url" if not {"host", "port", "ae_title"} & set(values) else key
            raise _wrong(file, f"{where} has no {wanted}")
    if "tls" in values:
        values["tls"] = _tls(file, where, values["tls"])
    if is_web:
        return WebNode(name, **{key: value for key, value in values.items() if value is not None})
    node = DicomNode(name, **values)
    if node.listen_port is None and (node.retrieve == "move" or node.storage_commitment):
        raise _wrong(file, f"{where} needs a listen_port for C-MOVE and for storage commitment")
    return node


def _tls(file: Path, where: str, value: object) -> Tls | None:
    if isinstance(value, bool):
        return Tls() if value else None
    if not isinstance(value, dict):
        raise _wrong(file, f"{where}.tls is neither true nor a table")
    known: Mapping[str, Callable[[object], Any]] = {
        "ca_file": _file,
        "certificate_file": _file,
        "key_file": _file,
        "check_host_name": _truth,
    }
    values = _values(file, f"{where}.tls", value, known)
    for key in ("ca_file", "certificate_file", "key_file"):
        if key in values:
            # A relative path is one beside the configuration, wherever the command is called.
            values[key] = file.parent / values[key]
            if not values[key].is_file():
                raise _wrong(file, f"{where}.tls.{key} names a file that is not there")
    if "key_file" in values and "certificate_file" not in values:
        raise _wrong(file, f"{where}.tls has a key_file and no certificate_file")
    return Tls(**values)


def _values(
    file: Path, where: str, table: Mapping[str, Any], known: Mapping[str, Callable[[object], Any]]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in ("password", "token"):
            raise UsageError(
                "password-in-configuration",
                f"{file} holds a {key} in {where}; it may not.",
                f"Take it out, and put it into the system's keyring or an environment variable ({key}_variable).",
            )
        if key not in known:
            raise _wrong(file, f"{where} has an unknown key {key!r}")
        try:
            values[key] = known[key](value)
        except ValueError as error:
            raise _wrong(file, f"{where}.{key} is {error}") from None
    return values


def _wrong(file: Path, what: str) -> UsageError:
    return UsageError("wrong-configuration", f"{file} cannot be used: {what}.", _PAGE)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not a text")
    return value.strip()


def ae_title(value: object) -> str:
    """Return an AE title: at most 16 characters of the default repertoire, no backslash, not only spaces (PS3.5 6.2).

    Raises
    ------
    ValueError
        Where it is none; its text says what it is instead.
    """
    title = _text(value)
    if len(title) > 16 or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ValueError("not an AE title (at most 16 ASCII characters without backslash)")
    return title


def own_title(title: str) -> str:
    """Return the AE title that a node is to be called by.

    Raises
    ------
    UsageError
        ``wrong-title``.
    """
    try:
        return ae_title(title)
    except ValueError as error:
        raise UsageError("wrong-title", f"{title!r} is {error}.", "Give another --title.") from None


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise ValueError("not a port from 1 to 65535")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86400:
        raise ValueError("not a number of seconds from 0 to 86400")
    return float(value)


def _attempts(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 20:
        raise ValueError("not a whole number from 1 to 20")
    return value


def _retrieve(value: object) -> str:
    if value not in ("get", "move"):
        raise ValueError('neither "get" nor "move"')
    return str(value)


def _url(value: object) -> str:
    url = _text(value).rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise ValueError("not an address that begins with https:// or http://")
    if "@" in url.split("/")[2]:
        raise ValueError("an address with a user or a password in it")
    return url


def _file(value: object) -> Path:
    return Path(_text(value)).expanduser()


_COMMON: Mapping[str, Callable[[object], Any]] = {"timeout_s": _seconds, "attempts": _attempts}
_DICOM: Mapping[str, Callable[[object], Any]] = {
    **_COMMON,
    "host": _text,
    "port": _port,
    "ae_title": ae_title,
    "calling_ae_title": ae_title,
    "retrieve": _retrieve,
    "listen_port": _port,
    "storage_commitment": _truth,
    "commitment_wait_s": _seconds,
}
_WEB: Mapping[str, Callable[[object], Any]] = {
    **_COMMON,
    "url": _url,
    "user": _text,
    "password_variable": _text,
    "token_variable": _text,
    "allow_unencrypted": _truth,
}
