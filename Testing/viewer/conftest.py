"""Tests that render: they need the wheel slicer-core and an OpenGL that works without a screen."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_TRY = "import vtk; w = vtk.vtkRenderWindow(); w.SetOffScreenRendering(1); w.Render(); assert w.SupportsOpenGL()"


def _why_not() -> str:
    if importlib.util.find_spec("slicer_core") is None and importlib.util.find_spec("slicer") is None:
        return "slicer-core is not installed (pip install mcdetect[test])"
    if importlib.util.find_spec("trame_slicer") is None:
        return "trame-slicer is not installed (pip install mcdetect[test])"
    # In a child process: without OpenGL, VTK ends the process.
    if subprocess.run([sys.executable, "-c", _TRY], capture_output=True, check=False).returncode != 0:
        return "nothing can be rendered off screen (Testing/debian-packages.txt)"
    return ""


@pytest.fixture(scope="session")
def viewer(display: None) -> None:
    """Skip tests that need a viewer where there is none; on CI that is a failure."""
    reason = _why_not()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def kept_views() -> Iterator[dict[Any, Any]]:
    """Return the slice views that tests share: making an application takes longer than most tests."""
    kept: dict[Any, Any] = {}
    yield kept
    for views in kept.values():
        views.close()


@pytest.fixture
def make_views(viewer: None, kept_views: dict[Any, Any]) -> Iterator[Callable[..., Any]]:
    """Return a function that gives empty off-screen slice views; ``fresh`` ones belong to the test alone."""
    from support.slice_views import OffScreenViews

    fresh_ones: list[OffScreenViews] = []

    def make(
        names: tuple[str, ...] = ("A",), size: tuple[int, int] = (400, 400), *, fresh: bool = False
    ) -> OffScreenViews:
        if fresh:
            fresh_ones.append(OffScreenViews(names, size))
            return fresh_ones[-1]
        if (names, size) not in kept_views:
            kept_views[names, size] = OffScreenViews(names, size)
        views: OffScreenViews = kept_views[names, size]
        views.empty()
        return views

    yield make
    for views in fresh_ones:
        views.close()
