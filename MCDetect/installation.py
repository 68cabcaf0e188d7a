"""How more of MCDetect is installed, said so that it works where this copy came from."""

from __future__ import annotations

import json
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "mcdetect"
_CHECKOUT = Path(__file__).resolve().parents[1]


def install_command(extra: str) -> str:
    """Return the command that adds what an extra of ``pyproject.toml`` needs to the Python that runs this.

    The name of an extra means nothing to an index that does not have this package, so a copy that was installed from a
    folder, a file or a repository is installed from there again (PEP 610 says where pip keeps the origin).
    """
    return f"{_pip()} install {_source(extra)}"


def _pip() -> str:
    python = Path(sys.executable)
    found = shutil.which("pip")
    if not python.stem.lower().startswith("python") or (found and Path(found).parent == python.parent):
        return "pip"  # the one that is found first is right; or this is no interpreter, but a program with one in it
    return f'"{python}" -m pip'


def _source(extra: str) -> str:
    if (_CHECKOUT / "pyproject.toml").is_file():
        return f'--editable "{_CHECKOUT}[{extra}]"'
    origin = _origin()
    url = str(origin.get("url", ""))
    if "dir_info" in origin:
        folder = Path(url2pathname(urlsplit(url).path))
        if (folder / "pyproject.toml").is_file():
            return f'"{folder}[{extra}]"'
    elif "vcs_info" in origin:
        return f'"{NAME}[{extra}] @ {origin["vcs_info"]["vcs"]}+{url}"'
    elif "archive_info" in origin:
        return f'"{NAME}[{extra}] @ {url}"'
    return f'"{NAME}[{extra}]"'


def _origin() -> dict[str, dict[str, str]]:
    """Return what pip wrote about where the package came from; nothing where it came from an index."""
    try:
        text = distribution(NAME).read_text("direct_url.json")
        origin: dict[str, dict[str, str]] = json.loads(text or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return origin
