"""Which back end was fastest here: one small JSON file in the user's cache folder.

An entry holds for one bundle in one precision on one machine with the same processor, number of threads and versions of
the libraries. A damaged file counts as empty, and a folder that cannot be written only means that the next run measures
again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from MCDetect.errors import OutputError
from MCDetect.files import write_text_atomically

_PACKAGES = ("torch", "onnxruntime", "openvino", "onnx")
_MOST_ENTRIES = 100

logger = logging.getLogger(__name__)


def recall(bundle_sha256: str, precision: str) -> str | None:
    """Return the name of the back end that was fastest, or None when it is not known."""
    path = _path()
    entry = _read(path).get(_key(bundle_sha256, precision)) if path else None
    name = entry.get("backend") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None


def remember(bundle_sha256: str, precision: str, name: str, seconds: dict[str, float]) -> None:
    """Note the fastest back end and what each took."""
    path = _path()
    if path is None:
        return
    entries = _read(path)
    key = _key(bundle_sha256, precision)
    entries.pop(key, None)
    entries[key] = {
        "backend": name,
        "seconds": {other: round(value, 5) for other, value in seconds.items()},
    }
    newest = dict(list(entries.items())[-_MOST_ENTRIES:])
    try:
        write_text_atomically(path, json.dumps(newest, indent=2) + "\n")
    except OutputError:
        logger.debug("Which back end is fastest could not be noted.", exc_info=True)


def _path() -> Path | None:
    try:
        from platformdirs import user_cache_path
    except ModuleNotFoundError:
        return None
    return user_cache_path("mcdetect", appauthor=False) / "backends.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _key(bundle_sha256: str, precision: str) -> str:
    import torch

    facts = [bundle_sha256, precision, platform.node(), platform.machine(), _processor(), str(torch.get_num_threads())]
    return hashlib.sha256("\n".join([*facts, *map(_version, _PACKAGES)]).encode()).hexdigest()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("model name")), "")


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"
