"""One examination, done by a worker: read, detect, write, publish.

Results are written into a hidden folder beside their place and published by renaming it, with ``outcome.json`` in it.
So a folder under its final name is whole, and whoever starts again knows from it that the work is done, even if the
process that was to write this down had died.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import socket
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.cohort.contents import contents_of, states_of
from MCDetect.cohort.device_faults import faults_told, require_sound_device
from MCDetect.cohort.records import (
    Examination,
    Order,
    Outcome,
    Processing,
    as_precise,
    examination_folder,
    internal_error,
    same_algorithm,
    summarised,
)
from MCDetect.errors import InputError, MCDetectError, ModelError, OutputError
from MCDetect.files import write_text_atomically
from MCDetect.findings import Algorithm, Refusal

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

OUTCOME = "outcome.json"
UNFINISHED = ".unfinished-"
_HALF_A_SUMMARY = re.compile(r"\.[a-z0-9_]{8}\.(parquet|html)")  # as write_atomically names it until it is whole

logger = logging.getLogger(__name__)
_detectors: dict[tuple[str, str, str, str], Detector] = {}
_one_at_a_time = threading.Lock()


def identify(processing: Processing, threads: int | None) -> Algorithm:
    """Return what this worker runs, and leave its detector warm.

    Raises
    ------
    WorkerFaultError
        When it cannot compute.
    """
    with _one_at_a_time, faults_told(processing.device):
        return _warm_detector(processing, threads).algorithm(processing.operating_point)


def process(examination: Examination, order: Order) -> Outcome:
    """Process an examination unless its results are there already.

    Parameters
    ----------
    examination
        The files of one study.
    order
        How to process it.

    Returns
    -------
    Outcome
        Also when every image was refused: what is wrong with an input is told there.

    Raises
    ------
    OutputError
        ``cannot-write`` when the output folder cannot be written (no permission, disk full).
    ModelError
        ``other-model`` when this worker has another version or bundle.
    WorkerFaultError
        When this worker cannot compute; nothing is said of the examination then.
    """
    folder = examination_folder(Path(order.output), examination.name)
    in_place = published(folder, order.algorithm)
    earlier = None if in_place is not None and order.retry and in_place.refused else in_place
    if earlier is not None and earlier.signature == examination.signature and not order.recheck:
        return replace(earlier, computed=False)
    with _one_at_a_time:  # a worker with several threads has one detector
        started = time.perf_counter()
        files = [Path(path) for path in examination.files]
        before = states_of(files)
        distinct, content, size = contents_of(files)
        if earlier is not None and earlier.content == content:
            return _renewed(folder, earlier, examination)
        try:
            with faults_told(order.processing.device):
                return _publish(examination, order, folder, (distinct, content, size, before, started), in_place)
        except MCDetectError:
            raise
        except Exception as error:
            # Not every error can be sent to another process, and one that cannot would leave the batch waiting.
            logger.debug("An examination failed.", exc_info=True)
            return Outcome(examination.signature, content, order.algorithm, refused=(internal_error(error),))


def published(folder: Path, algorithm: Algorithm) -> Outcome | None:
    """Return the outcome that lies in a folder, if it is final and of the same algorithm."""
    try:
        outcome = Outcome.from_json((folder / OUTCOME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = same_algorithm(outcome.algorithm, algorithm) and as_precise(outcome.algorithm, algorithm)
    usable = same and not outcome.may_improve
    return outcome if usable and all((folder / name).exists() for name in outcome.files) else None


def _publish(
    examination: Examination,
    order: Order,
    folder: Path,
    reading: tuple[list[Path], str, int, list[tuple[int, int] | None], float],
    in_place: Outcome | None,
) -> Outcome:
    distinct, content, size, before, started = reading
    unfinished: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = folder.parent / f"{UNFINISHED}{examination.name}-{secrets.token_hex(4)}"
        new.mkdir()  # with the permissions of any new folder: mkdtemp's would be private
        unfinished = new
        outcome = _detect(examination, order, distinct, unfinished)
        refused = outcome.refused
        if states_of([Path(path) for path in examination.files]) != before:
            refused += (_changed_while_read(),)
        outcome = Outcome(
            examination.signature,
            content,
            outcome.algorithm,
            outcome.images,
            refused,
            time.perf_counter() - started,
            size,
            f"{socket.gethostname()}:{os.getpid()}",
            outcome.files,
        )
        if in_place is not None and outcome.may_improve and _is_worse(outcome, in_place):
            # A disk that is away for a moment takes no results with it; they stay until the images can be read again.
            return replace(outcome, images=(), files=())
        write_text_atomically(unfinished / OUTCOME, outcome.to_json() + "\n")
        _put_in_place(unfinished, folder, outcome.files)
    except OSError as error:
        raise OutputError(
            "cannot-write",
            f"{folder} could not be written: {error.strerror or type(error).__name__}.",
            "Free space on the disk, then start again: what is complete is kept.",
        ) from error
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    return outcome


def _is_worse(after: Outcome, before: Outcome) -> bool:
    """Say whether an image that had results has none any more, though the files are the same or none can be read."""
    had, has = ({image.sop_instance_uid for image in outcome.images} for outcome in (before, after))
    return not had <= has and (after.failed or after.signature == before.signature)


def _detect(examination: Examination, order: Order, files: list[Path], folder: Path) -> Outcome:
    from MCDetect.dicom.inputs import choose_mammograms
    from MCDetect.inference.pipeline import detect_each
    from MCDetect.results import ResultWriter

    wanted = order.processing
    detector = _warm_detector(wanted, order.threads)
    algorithm = detector.algorithm(wanted.operating_point)
    if not same_algorithm(algorithm, order.algorithm):
        raise ModelError(
            "other-model",
            f"A worker runs MCDetect {algorithm.version} with bundle {algorithm.bundle_sha256[:12]} instead of "
            f"{order.algorithm.version} with {order.algorithm.bundle_sha256[:12]}.",
            "Install the same version and bundle on all workers.",
        )
    writer = ResultWriter(folder, algorithm, wanted.formats)
    try:
        chosen = choose_mammograms(files, examination.name, "examination")
    except InputError as error:
        writer.refuse(Refusal(examination.name, error.code, error.message, error.hint))
        chosen = []
    for result in detect_each(chosen, detector, operating_point=wanted.operating_point, spacing_mm=wanted.spacing_mm):
        # The detector may have gone on with the CPU when the memory of the GPU was full.
        writer.algorithm = detector.algorithm(wanted.operating_point)
        if isinstance(result, Refusal):
            if result.code == "internal-error":  # of this image, or of a GPU that fails with every further one
                require_sound_device(wanted.device)
            writer.refuse(result)
        else:
            writer.add(*result)
    writer.finish()
    problems = tuple(Refusal("", error.code, error.message, error.hint) for error in writer.problems)
    names = tuple(path.relative_to(folder).as_posix() for path in writer.files)
    return Outcome("", "", writer.algorithm, summarised(writer.findings), (*writer.refused, *problems), files=names)


def _put_in_place(unfinished: Path, folder: Path, files: tuple[str, ...]) -> None:
    """Rename a finished folder; results of other content that lie there give way to it."""
    if not all((unfinished / name).exists() for name in files):
        raise FileNotFoundError(None, "files of it were removed")
    for place in {(unfinished / name).parent for name in files} | {unfinished}:
        sync_folder(place)
    if folder.exists():
        # mkdtemp names a folder that nobody else has; a crash between the two renames leaves the examination to be
        # processed again, never half a folder under its name.
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=UNFINISHED))
        folder.replace(old / "old")
        unfinished.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        try:
            unfinished.replace(folder)
        except OSError:
            # A worker that was given up as lost may have been alive and done the same.
            if not (folder / OUTCOME).exists():
                raise
    sync_folder(folder.parent)


def clear_unfinished(output: Path) -> None:
    """Remove what workers that were killed left behind; only for the process that holds the output folder."""
    for folder in output.glob(f"examinations/*/{UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for path in output.iterdir():
        if _HALF_A_SUMMARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _renewed(folder: Path, earlier: Outcome, examination: Examination) -> Outcome:
    """Write down that files of another time or place have the same content."""
    renewed = replace(earlier, signature=examination.signature, computed=False)
    write_text_atomically(folder / OUTCOME, renewed.to_json() + "\n")
    return renewed


def _warm_detector(processing: Processing, threads: int | None) -> Detector:
    key = (processing.bundle, processing.device, processing.backend, processing.precision)
    if key not in _detectors:
        from MCDetect.inference.detector import Detector

        if threads is not None:  # before the back end takes as many threads as PyTorch
            import torch

            torch.set_num_threads(threads)
        _detectors[key] = Detector.load(*key)
    return _detectors[key]


def _changed_while_read() -> Refusal:
    return Refusal(
        "",
        "changed-while-read",
        "Files of the examination changed while they were read.",
        "Start again when they are complete.",
    )


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
