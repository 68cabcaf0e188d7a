"""Work that was left behind and is offered again: which of the kept files are about the examination that is open."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from MCDetect.errors import InputError
from MCDetect.review.locks import FileLock

KEPT_VERSION = 1
"""Of the files of kept work."""


@dataclass(frozen=True)
class Offer:
    """Work that was left behind: its file, its last change in local time, the images it is about, and its content."""

    path: Path
    saved_at: datetime
    images: frozenset[str]
    document: dict[str, Any]


def offers(folder: Path, key: str | None = None, images: Collection[str] = ()) -> tuple[list[Offer], list[InputError]]:
    """Return what can be offered again, latest first, and a sentence for each file of which that cannot be.

    Damaged files are kept aside (renamed to ``.damaged``), so that each is told once. Work that is also about images
    which are not open stays, and is told each time. Work that another window has open is not offered.

    Parameters
    ----------
    folder
        See :func:`MCDetect.review.recovery.default_folder`.
    key
        Of one examination (:func:`MCDetect.review.recovery.examination_key`); None for all work in the folder.
    images
        SOP Instance UIDs of that examination. Work is offered if it is about these images or some of them, whatever
        else was open when it was done; work about no image (a comment alone) only if the same studies were.
    """
    opened = set(images)
    found: list[Offer] = []
    problems: list[InputError] = []
    for path in sorted(folder.glob("*-*.json")):
        is_ours = key is None or path.name.startswith(f"{key}-")
        lock = FileLock(path.with_suffix(".lock"))
        try:
            if not lock.acquire():
                continue
        except OSError:
            continue
        try:
            offer = _read(path)
            if key is None or (offer.images <= opened and (offer.images or is_ours)):
                found.append(offer)
            elif offer.images & opened:
                problems.append(_incomplete(offer, len(offer.images - opened)))
        except (OSError, ArithmeticError, LookupError, TypeError, ValueError):
            if is_ours:
                problems.append(_damaged(path))
        finally:
            lock.release()
    return sorted(found, key=lambda offer: offer.saved_at, reverse=True), problems


def _read(path: Path) -> Offer:
    document = json.loads(path.read_text(encoding="utf-8"))
    if document["version"] != KEPT_VERSION:
        raise ValueError(f"version {document['version']}")
    images = frozenset(str(image["sop_instance_uid"]) for image in document["review"]["findings"]["images"])
    return Offer(path, datetime.fromisoformat(document["saved_at"]).astimezone(), images, document["review"])


def _incomplete(offer: Offer, missing: int) -> InputError:
    images = "an image that is" if missing == 1 else f"{missing} images that are"
    return InputError(
        "unfinished-work-of-more-images",
        f"Work on this examination from {offer.saved_at:%Y-%m-%d %H:%M} was not exported. It is also about {images} not"
        " open.",
        "Open all of them together, priors too, to go on with it; it is kept until then.",
    )


def _damaged(path: Path) -> InputError:
    return InputError(
        "damaged-recovery",
        "The saved work of an earlier review is damaged and cannot be opened.",
        f"It is kept as {keep_aside(path)}; the review begins anew.",
    )


def keep_aside(path: Path) -> Path:
    """Rename a damaged file so that it is not offered again; return its new name (the old one if that fails)."""
    aside = path.with_suffix(".damaged")
    try:
        path.replace(aside)
    except OSError:
        return path
    return aside


def forget(path: Path) -> None:
    """Delete a file of work that was left behind, and its lock."""
    with contextlib.suppress(OSError):  # it is offered again, which is better than an error about it
        path.unlink(missing_ok=True)
        path.with_suffix(".lock").unlink(missing_ok=True)
