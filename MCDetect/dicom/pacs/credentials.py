"""Passwords: from the environment or the system's keyring, never from a file of ours."""

from __future__ import annotations

import os
import re

from MCDetect.dicom.pacs.nodes import WebNode
from MCDetect.errors import UsageError

_LOOPBACK = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)")
KEYRING_SERVICE = "mcdetect"
"""Under this name, and ``USER@NODE``, the keyring holds a password."""


def password_variable(node: WebNode) -> str:
    """Return the environment variable that holds the password of a node."""
    return node.password_variable or "MCDETECT_PASSWORD_" + re.sub(r"\W", "_", node.name).upper()


def authorisation(node: WebNode) -> tuple[str, str] | str | None:
    """Return user and password, a bearer token, or None where the node asks for neither.

    Raises
    ------
    UsageError
        ``no-password`` where it is neither in the environment nor in the keyring; ``unencrypted-password`` where it
        would cross a network in the clear.
    """
    if not node.user and not node.token_variable:
        return None
    if node.url.startswith("http:") and not _LOOPBACK.match(node.url) and not node.allow_unencrypted:
        raise UsageError(
            "unencrypted-password",
            f"The password of the node {node.name!r} would be sent unencrypted to another computer.",
            "Give its url with https, or say allow_unencrypted = true if your network allows it.",
        )
    if node.token_variable:
        token = os.environ.get(node.token_variable, "")
        if not token:
            raise _missing(f"The token of the node {node.name!r} is not there.", node.token_variable)
        return token
    variable = password_variable(node)
    password = os.environ.get(variable) or _from_keyring(f"{node.user}@{node.name}")
    if not password:
        raise _missing(f"The password of the node {node.name!r} is not there.", variable, node)
    return node.user, password


def _missing(message: str, variable: str, node: WebNode | None = None) -> UsageError:
    keyring = "" if node is None else f', or call "keyring set {KEYRING_SERVICE} {node.user}@{node.name}"'
    return UsageError("no-password", message, f"Put it into the environment variable {variable}{keyring}.")


def _from_keyring(entry: str) -> str | None:
    try:
        import keyring
    except ImportError:  # the keyring is optional; the environment is enough
        return None
    try:
        return keyring.get_password(KEYRING_SERVICE, entry)
    except Exception:  # noqa: BLE001 - a computer without a keyring raises whatever its backend raises
        return None
