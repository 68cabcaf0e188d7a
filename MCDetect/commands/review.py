"""``mcdetect review``: look at an examination and its findings in a window."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from MCDetect.errors import UsageError
from MCDetect.installation import install_command

SUMMARY = "open the window to look at examinations, detect, review and export (needs the extra 'desktop')"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("inputs", nargs="*", type=Path, metavar="INPUT", help="mammograms, and results about them")
    parser.add_argument("--detect", action="store_true", help="begin to detect as soon as it is open")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks run")
    parser.add_argument("--bundle", default="default", metavar="NAME|PATH", help="the model (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Open the window; return when it is closed."""
    missing = [name for name in ("PyQt5", "slicer", "vtkmodules") if find_spec(name) is None]
    if missing:
        raise UsageError(
            "no-desktop",
            f"The window cannot be opened without {', '.join(missing)}, not installed here.",
            f"Run: {install_command('desktop')}.",
        )
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UsageError(
            "no-display", "The window cannot be opened: there is no display.", "Use mcdetect detect without one."
        )
    from MCDetect.desktop.application import run as run_window

    return run_window(options.inputs, options.bundle, options.device, options.detect)
