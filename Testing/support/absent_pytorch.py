"""A Python that finds neither PyTorch nor MONAI."""

from __future__ import annotations

import os
from pathlib import Path

ABSENT = """
import sys
from importlib.machinery import PathFinder

class WithoutPyTorch(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "monai"}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutPyTorch
"""


def path_without_pytorch(folder: Path) -> str:
    """Return a PYTHONPATH with which no Python, and no child of it, finds PyTorch."""
    place = folder / "without PyTorch"
    place.mkdir()
    (place / "sitecustomize.py").write_text(ABSENT)
    return os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
