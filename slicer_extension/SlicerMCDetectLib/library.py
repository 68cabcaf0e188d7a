"""Where the library MCDetect is found."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def find_library() -> None:
    """Make ``import MCDetect`` work.

    An installed extension has the package beside its module, which is on the path already. In a checkout of the source
    it lies one folder above the module; that folder is appended, so it hides nothing.
    """
    if importlib.util.find_spec("MCDetect") is not None:
        return
    root = Path(__file__).resolve().parents[2]
    if (root / "MCDetect" / "__init__.py").is_file():
        sys.path.append(str(root))
