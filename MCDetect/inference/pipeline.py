"""From files to findings: read each input, analyse it, keep going when one of them fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from MCDetect.bundles.store import DEFAULT_BUNDLE
from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError, MCDetectError, UsageError
from MCDetect.findings import Findings, ImageFindings, Refusal
from MCDetect.inference.correspondence import propose
from MCDetect.inference.detector import Detector
from MCDetect.inference.device import device_names
from MCDetect.inference.known_images import KnownImages
from MCDetect.inference.progress import Progress, Report

logger = logging.getLogger(__name__)

Source = Any
"""A path (``str`` or ``Path``) or a ``pydicom.Dataset``; pydicom is not imported for a type."""

Result = tuple[Mammogram, ImageFindings] | Refusal


def detect(
    inputs: Source | Iterable[Source],
    *,
    bundle: str | Path = DEFAULT_BUNDLE,
    device: str = "auto",
    backend: str = "torch",
    precision: str = "fp32",
    operating_point: str | float | None = None,
    spacing_mm: float | None = None,
) -> Findings:
    """Detect calcifications in mammograms.

    Parameters
    ----------
    inputs
        A file, a folder, a DICOMDIR or a ``pydicom.Dataset``, or several of them. An image that is given more than once
        is reported once.
    bundle
        Name of a shipped model bundle, or the path of one.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    backend
        ``"torch"``, ``"onnxruntime"``, ``"openvino"``, or ``"auto"``: the fastest that is installed, measured once.
    precision
        ``"fp32"``, or ``"bf16"`` where the device has it: faster, scores differ a little.
    operating_point
        Name of an operating point, or a threshold on the cluster score from 0 to 1.
    spacing_mm
        Pixel spacing in millimetres; it goes before what every header says, and is needed where none says it
        (pictures, film scans).

    Returns
    -------
    Findings
        An entry for each image that was read; what was refused, and why, stands in ``refused``.

    Raises
    ------
    MCDetectError
        If nothing can be done at all: no model, no such device, or every input is refused (the first refusal is
        raised), so that a wrong path is never taken for a negative result.

    Examples
    --------
    >>> findings = MCDetect.detect("examination/")  # doctest: +SKIP
    >>> [(image.laterality, image.view, len(image.clusters)) for image in findings.images]  # doctest: +SKIP
    [('R', 'CC', 1), ('L', 'CC', 0)]
    """
    sources = _sources(inputs)
    detector = Detector.load(bundle, device, backend, precision)
    images: list[ImageFindings] = []
    refused: list[Refusal] = []
    algorithm = detector.algorithm(operating_point)
    devices: dict[str, None] = {}
    known = KnownImages()
    for result in detect_each(sources, detector, operating_point=operating_point, spacing_mm=spacing_mm):
        if isinstance(result, Refusal):
            refused.append(result)
            continue
        mammogram, image = result
        problem = known.refusal_of(mammogram, image)
        if problem is not None:
            refused.append(problem)
        elif not known.holds(image):
            known.add(image)
            images.append(image)
            # The detector may have gone on with the CPU when the memory of the GPU was full.
            devices[detector.algorithm(operating_point).device] = None
    if refused and not images:
        first = refused[0]
        raise InputError(first.code, first.message, first.hint)
    algorithm = replace(algorithm, device=device_names(devices or [algorithm.device]))
    return Findings(algorithm, tuple(images), tuple(refused), propose(images))


def _sources(inputs: Source | Iterable[Source]) -> list[Source]:
    """Return what was given as a list; a data set can be iterated too, and is one."""
    from pydicom.dataset import Dataset

    single = (str, os.PathLike, Dataset)
    if inputs is None:
        raise UsageError("no-inputs", "There is nothing to detect in: no input was given.")
    if isinstance(inputs, single) or not isinstance(inputs, Iterable):
        inputs = [inputs]
    sources = list(inputs)
    if not sources or any(source is None for source in sources):
        raise UsageError("no-inputs", "There is nothing to detect in: no input was given.")
    for source in sources:
        if not isinstance(source, single):
            raise UsageError(
                "no-inputs",
                f"An input of the type {type(source).__name__} is neither a path nor a data set.",
                "Give paths of files or folders, or data sets of pydicom.",
            )
    return [Path(source) if isinstance(source, os.PathLike) else source for source in sources]


def detect_each(
    inputs: Sequence[Source | Refusal],
    detector: Detector,
    *,
    operating_point: str | float | None = None,
    spacing_mm: float | None = None,
    progress: Report | None = None,
) -> Iterator[Result]:
    """Yield a result for each image as soon as it is there, in the order of the inputs.

    The next image is read while the networks work on the present one. At most three images are in memory: these two
    and the one before, for as long as the caller holds it.

    Parameters
    ----------
    inputs
        Files, folders, DICOMDIRs and datasets in any mix, or what :func:`expand_inputs` made of them.
    detector
        From ``Detector.load``.
    operating_point, spacing_mm
        See :func:`detect`.
    progress
        Called from this thread with the state of the whole call.

    Yields
    ------
    tuple of Mammogram and ImageFindings, or Refusal
    """
    detector.resolve_operating_point(operating_point)  # a wrong one is told before the first image is read
    sources = expand_inputs(inputs)
    readable = [source for source in sources if not isinstance(source, Refusal)]
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader") as reader:
        ahead = _read_ahead(reader, readable, spacing_mm)
        for index, source in enumerate(sources):
            if isinstance(source, Refusal):
                yield source
                continue
            name = _name(source)
            if progress is not None:
                progress(Progress(index, len(sources), name, "reading", 0.0))
            try:
                mammogram = next(ahead).result()
                findings = detector.analyse(mammogram, operating_point, _stages(progress, index, len(sources), name))
            except MCDetectError as error:
                yield refusal_after(error, name)
            except Exception as error:  # a fault of ours in one image must not cost the others their findings
                logger.debug("Analysing an image failed.", exc_info=True)
                yield refusal_after(error, name)
            else:
                yield mammogram, findings
            if progress is not None:
                progress(Progress(index + 1, len(sources), name, "done", 0.0))


def refusal_after(error: Exception, name: str) -> Refusal:
    """Return the refusal of an image in which something failed; of an unexpected exception only the type is told."""
    if isinstance(error, MCDetectError):
        return Refusal(name, error.code, error.message, error.hint)
    return Refusal(
        name,
        "internal-error",
        f"An unexpected error ({type(error).__name__}) stopped the analysis of {name}.",
        "Run it again with --debug and report what it prints.",
    )


def _read_ahead(
    reader: ThreadPoolExecutor, sources: Sequence[Source], spacing_mm: float | None
) -> Iterator[Future[Mammogram]]:
    """Yield the reading of each source; when one is taken, the next has been begun."""
    upcoming: Future[Mammogram] | None = None
    for index, source in enumerate(sources):
        present = upcoming or reader.submit(read_mammogram, source, spacing_mm)
        following = index + 1
        upcoming = reader.submit(read_mammogram, sources[following], spacing_mm) if following < len(sources) else None
        yield present


def expand_inputs(inputs: Sequence[Source | Refusal]) -> list[Source | Refusal]:
    """Replace folders and DICOMDIRs by their files, each file once, and inputs that cannot be by their refusal.

    Nothing is raised: what is wrong with one input does not keep the others from being done. Datasets and refusals
    pass through.
    """
    expanded: list[Source | Refusal] = []
    seen: set[str] = set()
    for source in inputs:
        if not isinstance(source, str | Path):
            expanded.append(source)
            continue
        try:
            files = find_inputs([source])
        except MCDetectError as error:
            expanded.append(Refusal(str(source), error.code, error.message, error.hint))
            continue
        for file in files:
            identity = os.path.realpath(file)
            if identity not in seen:
                seen.add(identity)
                expanded.append(file)
    return expanded


def _stages(progress: Report | None, index: int, total: int, name: str) -> Any:
    def report(stage: str, fraction: float) -> None:
        if progress is not None:
            progress(Progress(index, total, name, stage, fraction))

    return report


def _name(source: Source) -> str:
    return str(source) if isinstance(source, str | Path) else "dataset"
