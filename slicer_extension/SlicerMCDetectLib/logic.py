"""What the module does without widgets: examinations of the scene, and the worker."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

INSTANCE_ATTRIBUTE = "DICOM.instanceUIDs"
PLUGIN_ATTRIBUTE = "MCDetect.plugin"
"""Attributes of a volume: the SOP Instance UID, as Slicer's DICOM module writes it, and that our plugin made it."""

_PATIENT_ID = "0010,0020"
_STUDY = "0020,000D"
_STUDY_DATE = "0008,0020"


def examinations_in_scene(scene: Any) -> list[tuple[str, ...]]:
    """Return the files of the mammograms that the DICOM plugin has loaded and that are still in the scene.

    One entry for each patient, priors with the current views, the patient whose mammograms were loaded last at the end.
    """
    patients: dict[str, dict[str, None]] = {}
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if node.GetAttribute(PLUGIN_ATTRIBUTE) is None:
            continue
        file = slicer.dicomDatabase.fileForInstance(node.GetAttribute(INSTANCE_ATTRIBUTE) or "")
        if file and Path(file).is_file():
            patient = patient_of(file)
            patients[patient] = {**patients.pop(patient, {}), file: None}
    return [tuple(sorted(files)) for files in patients.values()]


def patient_of(file: str) -> str:
    """Return what tells patients apart; never shown."""
    return str(slicer.dicomDatabase.fileValue(file, _PATIENT_ID) or slicer.dicomDatabase.fileValue(file, _STUDY))


def describe(files: Sequence[str]) -> str:
    """Return what may be shown of an examination: its latest date and the number of views."""
    from MCDetect.dicom.description import readable_day

    dates = [str(slicer.dicomDatabase.fileValue(file, _STUDY_DATE)) for file in files]
    latest = max(dates, default="")
    day = readable_day(latest) or _("date unknown")
    return str(_("{day}, {count} views").format(day=day, count=len(files)))


def has_torch() -> bool:
    """Say whether PyTorch is installed; it is not imported."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("torch") is not None


def interpreter() -> str:
    """Return the Python that runs the worker: PythonSlicer, which has Slicer's packages and no application.

    Raises
    ------
    DeviceError
        ``no-interpreter`` when it is not there.
    """
    from MCDetect.errors import DeviceError

    # sys.executable is Slicer itself; its launcher puts PythonSlicer on the search path.
    found = shutil.which("PythonSlicer") or shutil.which("PythonSlicer", path=str(Path(sys.executable).parent))
    if found is None:
        raise DeviceError(
            "no-interpreter",
            _("PythonSlicer, which comes with 3D Slicer and runs the detection, was not found."),
            _("Start 3D Slicer through its launcher, or install it again."),
        )
    return found


def reader(children: Any = None) -> Callable[[Path, float | None], Any]:
    """Return what reads a mammogram in a thread: where PythonSlicer is there, compressed ones are decoded by it.

    ``children`` (MCDetect.review.child.Children) are what its processes are ended with.
    """
    from MCDetect.dicom.reading import read_mammogram
    from MCDetect.errors import DeviceError
    from MCDetect.review.decoding_process import read_in_process

    try:
        return partial(read_in_process, python=interpreter(), children=children)
    except DeviceError:
        return read_mammogram


def make_client(python: str) -> Any:
    """Return a worker client that has not been started."""
    from MCDetect.inference.worker.client import WorkerClient

    return WorkerClient(python=python)
