"""What is told of the algorithm in words: the parameters of template 4019 (DICOM PS3.16) and of a segment.

Each is "name: value", so that people understand it and ``MCDetect.dicom.results.algorithms`` reads it back.
"""

from __future__ import annotations

from MCDetect.findings import Algorithm

MODEL = "Model"
MODEL_SHA256 = "Model SHA-256"
OPERATING_POINT = "Operating point"
CALCIFICATIONS = "Calcifications outside of clusters"
PRECISION = "Precision"
DEVICE = "Device"


def algorithm_parameters(algorithm: Algorithm) -> tuple[tuple[str, str], ...]:
    """Return (name, value) of what identifies the model and how it was run, thresholds to the last digit."""
    return (
        (MODEL, algorithm.bundle),
        (MODEL_SHA256, algorithm.bundle_sha256),
        (OPERATING_POINT, f"{algorithm.operating_point}, cluster score at least {algorithm.threshold!r}"),
        (CALCIFICATIONS, f"score at least {algorithm.calcification_threshold!r}"),
        *(((PRECISION, "bf16"),) if algorithm.is_of_lower_precision else ()),
        (DEVICE, algorithm.device),
    )


def parameter_lines(algorithm: Algorithm) -> list[str]:
    """Return :func:`algorithm_parameters` as the texts that stand in reports."""
    return [f"{name}: {value}" for name, value in algorithm_parameters(algorithm)]


def operating_point_text(algorithm: Algorithm) -> str:
    """Return the operating point as it counts for identifiers of series and objects."""
    return f"{algorithm.operating_point}, cluster score at least {algorithm.threshold:.6g}"
