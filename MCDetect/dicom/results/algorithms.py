"""What an object tells of the algorithm, back from the words of ``MCDetect.dicom.writing.algorithm_texts``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from MCDetect.dicom.results.pieces import UNKNOWN, UNKNOWN_SHA256
from MCDetect.dicom.writing import algorithm_texts as texts
from MCDetect.findings import Algorithm

_NUMBER = r"(?P<least>[0-9.e+-]+)"
_OPERATING_POINT = re.compile(rf"(?P<name>.*), cluster score at least {_NUMBER}", re.DOTALL)
_CALCIFICATIONS = re.compile(rf"score at least {_NUMBER}")
# Of a segment: name=value joined by commas, which values may hold too. Objects of before had the first three only.
_OF_SEGMENT = re.compile(
    rf"{texts.MODEL}=(?P<model>.*),{texts.MODEL_SHA256}=(?P<sha256>[0-9a-f]{{64}}),{texts.OPERATING_POINT}=(?P<point>.*?)"
    rf"(,{texts.CALCIFICATIONS}=(?P<calcifications>[^,]*))?(,{texts.PRECISION}=bf16)?(,{texts.DEVICE}=(?P<device>.*))?",
    re.DOTALL,
)


def algorithm_of(name: str, version: str, parameters: Mapping[str, str]) -> Algorithm:
    """Return the algorithm; what is not told of its model is "unknown"."""
    point = _OPERATING_POINT.fullmatch(parameters.get(texts.OPERATING_POINT, ""))
    calcifications = _CALCIFICATIONS.fullmatch(parameters.get(texts.CALCIFICATIONS, ""))
    sha256 = parameters.get(texts.MODEL_SHA256, "")
    return Algorithm(
        name=name or UNKNOWN,
        version=version or UNKNOWN,
        bundle=parameters.get(texts.MODEL) or UNKNOWN,
        bundle_sha256=sha256 if re.fullmatch(r"[0-9a-f]{64}", sha256) else UNKNOWN_SHA256,
        operating_point=(point["name"] if point else "") or UNKNOWN,
        threshold=_score(point["least"]) if point else 0.0,
        device=parameters.get(texts.DEVICE) or UNKNOWN,
        calcification_threshold=_score(calcifications["least"]) if calcifications else 0.0,
    )


def parameters_of_report(lines: Iterable[str]) -> dict[str, str]:
    """Return the parameters of an algorithm that are told as "name: value"."""
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def parameters_of_segment(told: str) -> dict[str, str]:
    """Return the parameters of an algorithm that are told in one text, empty if it is not one of ours."""
    found = _OF_SEGMENT.fullmatch(told)
    if found is None:
        return {}
    named = {
        texts.MODEL: found["model"],
        texts.MODEL_SHA256: found["sha256"],
        texts.OPERATING_POINT: found["point"],
        texts.CALCIFICATIONS: found["calcifications"],
        texts.DEVICE: found["device"],
    }
    return {name: value for name, value in named.items() if value is not None}


def _score(text: str) -> float:
    return min(max(float(text), 0.0), 1.0)
