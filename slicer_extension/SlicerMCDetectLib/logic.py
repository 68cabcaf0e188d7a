"""What the module does without widgets: mammograms of the scene, and the worker."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import slicer

INSTANCE_ATTRIBUTE = "DICOM.instanceUIDs"
PLUGIN_ATTRIBUTE = "MCDetect.plugin"
"""Attributes of a volume: the SOP Instance UID, as Slicer's DICOM module writes it, and that our plugin made it."""


def mammograms_in_scene(scene: Any) -> list[str]:
    """Return the files of the mammograms that the DICOM plugin has loaded and that are still in the scene."""
    files = []
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if node.GetAttribute(PLUGIN_ATTRIBUTE) is None:
            continue
        file = slicer.dicomDatabase.fileForInstance(node.GetAttribute(INSTANCE_ATTRIBUTE) or "")
        if file and Path(file).is_file():
            files.append(file)
    return sorted(set(files))


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
            "PythonSlicer, which comes with 3D Slicer and runs the detection, was not found.",
            "Start 3D Slicer through its launcher, or install it again.",
        )
    return found


def make_client() -> Any:
    """Return a worker client that has not been started."""
    from MCDetect.inference.worker.client import WorkerClient

    return WorkerClient(python=interpreter())
