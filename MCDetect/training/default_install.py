"""Put a finished bundle in the place of the shipped one: ``python -m MCDetect.training.default_install FOLDER``.

The bundle is checked (networks that load, thresholds, types, scores and card of these very weights), copied beside the
shipped one and exchanged with it: whoever loads the shipped bundle meanwhile finds the old one or the new one, whole.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from MCDetect.bundles.store import DEFAULT_BUNDLE, Bundle, find_bundle, shipped_bundles
from MCDetect.errors import MCDetectError, ModelError, OutputError
from MCDetect.training.default_bundle import read_scores

_IN_THIS_FOLDER = -100  # AT_FDCWD of <fcntl.h>
_EXCHANGE = 2  # RENAME_EXCHANGE of <linux/fs.h>


def install(folder: Path, place: Path) -> Bundle:
    """Put the bundle in ``folder`` into ``place``; what was there is gone afterwards, and ``folder`` stays.

    Raises
    ------
    ModelError
        ``unfinished-bundle`` when something of it is missing, ``damaged-bundle`` when it cannot be loaded.
    OutputError
        ``cannot-write``; what was there is still there then.
    """
    if folder.resolve() == place.resolve():
        raise ModelError("unfinished-bundle", f"{folder} is in its place already.", "Give the folder of a new bundle.")
    require_finished(folder)
    try:
        # Not among the bundles: a half copied one would be listed there.
        aside = Path(tempfile.mkdtemp(dir=place.parent.parent, prefix=".bundle-"))
        try:
            copy = aside / "new"
            shutil.copytree(folder, copy)
            for path in (path for path in copy.rglob("*") if path.is_file()):
                with path.open("rb+") as stream:
                    os.fsync(stream.fileno())
            _put(copy, place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            "cannot-write",
            f"{place} could not be replaced: {error.strerror or type(error).__name__}.",
            "Install MCDetect where you may write (pip install -e .), or name the new bundle with --bundle.",
        ) from error
    return find_bundle(place)


def require_finished(folder: Path) -> None:
    """Refuse a bundle that lacks a stage of its making.

    Raises
    ------
    ModelError
        See :func:`install`.
    """
    from MCDetect.inference.detector import Detector

    bundle = Detector.load(folder, "cpu").bundle
    if not {"clear_calcification_threshold", "single_calcification_threshold"} <= bundle.settings.keys():
        raise _unfinished(folder, "its thresholds are not set")
    needed = ("LICENSE", "configs/morphology.json", "docs/README.md", "docs/training.json", "docs/scores.json")
    for name in needed:
        if not (folder / name).is_file():
            raise _unfinished(folder, f"it has no {name}")
    if read_scores(bundle) is None or bundle.sha256 not in bundle.model_card:
        raise _unfinished(folder, "its scores or its card are those of other weights or thresholds")


def _unfinished(folder: Path, what: str) -> ModelError:
    return ModelError(
        "unfinished-bundle",
        f"The bundle in {folder} is not finished: {what}.",
        "Let python -m MCDetect.training.default run to its end.",
    )


def _put(copy: Path, place: Path) -> None:
    """Give ``copy`` the name ``place``; what had that name has the other's then, and goes with it."""
    if not place.exists():
        copy.rename(place)
    elif not _exchanged(copy, place):
        old = copy.with_name("old")
        place.rename(old)
        try:
            copy.rename(place)
        except OSError:
            old.rename(place)
            raise


def _exchanged(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system or its disk cannot (renameat2 is Linux's own)."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    failed: int = rename(_IN_THIS_FOLDER, os.fsencode(first), _IN_THIS_FOLDER, os.fsencode(second), _EXCHANGE)
    return failed == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.default_install", description=__doc__)
    parser.add_argument("folder", type=Path, help="the finished bundle, e.g. training-output/bundle")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        bundle = install(given.folder, _shipped_folder())
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 3
    console.print(f"Installed: {bundle.folder}, SHA-256 {bundle.sha256}", markup=False, soft_wrap=True)
    return 0


def _shipped_folder() -> Path:
    import MCDetect.bundles

    known = {bundle.name: bundle.folder for bundle in shipped_bundles()}
    return known.get(DEFAULT_BUNDLE, Path(MCDetect.bundles.__file__).parent / DEFAULT_BUNDLE)


if __name__ == "__main__":
    sys.exit(main())
