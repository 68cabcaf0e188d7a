"""The words that findings are told in: where millimetres come from, who found something, what a reader decided."""

from __future__ import annotations

from enum import Enum


class SpacingSource(str, Enum):
    """Where the millimetres of an image come from; the rule that decides is in ``MCDetect.dicom.spacing``."""

    AT_DETECTOR = "at detector"
    MAGNIFICATION_CORRECTED = "magnification corrected"
    CALIBRATED = "calibrated"
    FILM_DIGITISER = "at film digitiser"
    UNCALIBRATED = "uncalibrated"
    GIVEN_BY_USER = "given by user"


class Origin(str, Enum):
    """Who put a calcification or a cluster into the findings, or drew it as it is now."""

    ALGORITHM = "algorithm"
    READER = "reader"


class Decision(str, Enum):
    """What the reader decided about a cluster."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
