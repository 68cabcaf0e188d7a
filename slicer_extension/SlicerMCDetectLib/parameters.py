"""The settings of the module that are saved with the scene."""

from __future__ import annotations

from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class Parameters:
    """What the reader has set.

    Nothing of the patient: no path, no identifier, no finding. Those are in the review, which has its own store.
    """

    layout: str = "four views"
    outlines: bool = True
    calcifications: bool = True
    database: bool = True
