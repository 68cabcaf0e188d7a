"""MCDetect finds microcalcifications in mammograms. For research use; not a medical device.

``MCDetect.detect(path)`` reads a mammogram and returns :class:`MCDetect.findings.Findings`.
Everything heavier than the standard library is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from MCDetect.version import __version__

if TYPE_CHECKING:
    from MCDetect.findings import Findings
    from MCDetect.inference.detector import Detector
    from MCDetect.inference.pipeline import detect

__all__ = ["Detector", "Findings", "__version__", "detect"]

_HOMES = {
    "Findings": "MCDetect.findings",
    "Detector": "MCDetect.inference.detector",
    "detect": "MCDetect.inference.pipeline",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
