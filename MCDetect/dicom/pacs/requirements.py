"""What this room needs beside the library's own requirements."""

from __future__ import annotations

from importlib.util import find_spec

from MCDetect.errors import UsageError
from MCDetect.installation import install_command


def require(*modules: str) -> None:
    """Make sure that modules of the extra ``pacs`` are installed, before they are imported.

    Raises
    ------
    UsageError
        ``pacs-not-installed``.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise UsageError(
            "pacs-not-installed",
            f"Talking to a PACS needs {' and '.join(missing)}, not installed here.",
            f"Install it with: {install_command('pacs')}.",
        )
