"""Requests and messages as lines: one JSON object, named by ``"kind"``, without line breaks."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

from MCDetect.findings import Findings, Refusal
from MCDetect.inference.worker import messages
from MCDetect.inference.worker.messages import Message, Request, ViewDone

_REQUESTS = (messages.Detect, messages.MapProbability, messages.Shutdown)
_MESSAGES = (
    messages.Ready,
    messages.Note,
    messages.ViewProgress,
    messages.ViewDone,
    messages.ViewRefused,
    messages.MapDone,
    messages.Finished,
    messages.Failed,
    messages.Cancelled,
)
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (*_REQUESTS, *_MESSAGES)}


def to_line(item: Request | Message) -> bytes:
    """Return ``item`` as one line of UTF-8 JSON with its line feed."""
    if isinstance(item, ViewDone):
        # Findings have a JSON form of their own, which is exact; a view travels as findings of one image.
        values: dict[str, Any] = {field.name: getattr(item, field.name) for field in fields(item)}
        values["image"] = json.loads(Findings(values.pop("algorithm"), (item.image,)).to_json(indent=None))
    else:
        values = asdict(item)
    text = json.dumps({"kind": type(item).__name__, **values}, allow_nan=False)
    return text.encode() + b"\n"


def from_line(line: bytes) -> Request | Message:
    """Return what :func:`to_line` wrote.

    Raises
    ------
    ValueError
        If the line is anything else.
    """
    values = json.loads(line)
    kind = _KINDS.get(str(values.pop("kind", ""))) if isinstance(values, dict) else None
    if kind is None:
        raise ValueError("the line is no request and no message")
    try:
        if kind is ViewDone:
            findings = Findings.from_json(json.dumps(values["image"]))
            (image,) = findings.images
            return ViewDone(**{**values, "image": image, "algorithm": findings.algorithm})
        if kind is messages.ViewRefused:
            values["refusal"] = Refusal(**values["refusal"])
        item: Request | Message = kind(**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the line is an incomplete {kind.__name__}") from error
    if isinstance(item, messages.Detect):
        return replace(item, files=tuple(item.files))
    return item
