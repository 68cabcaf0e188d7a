"""What a viewer and its worker say to each other.

A viewer sends requests; the worker answers with messages. Each request ends with exactly one of :class:`Finished`,
:class:`Failed` and :class:`Cancelled`. Sources are absolute paths.
"""

from __future__ import annotations

from dataclasses import dataclass

from MCDetect.findings import Algorithm, ImageFindings, Refusal
from MCDetect.version import __version__


@dataclass(frozen=True)
class Detect:
    """Request: find clusters with a score of ``threshold`` or more in ``files`` (files, folders, DICOMDIRs)."""

    request: int
    files: tuple[str, ...]
    spacing_mm: float | None = None
    threshold: float = 0.0


@dataclass(frozen=True)
class MapProbability:
    """Request: write the probability of each pixel of ``file`` as float32 (rows, columns) into ``target`` (.npy)."""

    request: int
    file: str
    target: str
    spacing_mm: float | None = None


@dataclass(frozen=True)
class Shutdown:
    """Request: end after what was asked before."""


@dataclass(frozen=True)
class Ready:
    """The detector is loaded; ``seconds`` is how long that took since the process began."""

    version: str
    device: str
    bundle: str
    bundle_sha256: str
    operating_points: dict[str, float]
    default_operating_point: str
    seconds: float
    process_id: int
    calcification_threshold: float = 0.0

    def algorithm(self, operating_point: str | float | None = None, device: str | None = None) -> Algorithm:
        """Return the origin to write into findings.

        Parameters
        ----------
        operating_point
            Name of one of ``operating_points``, or a threshold, which is then named ``"custom"``; None is the default.
        device
            What the images were computed on, where that is another device than at the start.

        Raises
        ------
        KeyError
            If there is no operating point of that name.
        """
        point = self.default_operating_point if operating_point is None else operating_point
        name = point if isinstance(point, str) else "custom"
        threshold = self.operating_points[point] if isinstance(point, str) else float(point)
        return Algorithm(
            "MCDetect",
            __version__,
            self.bundle,
            self.bundle_sha256,
            name,
            threshold,
            device or self.device,
            self.calcification_threshold,
        )


@dataclass(frozen=True)
class Note:
    """A sentence that the user should read once."""

    message: str
    request: int | None = None


@dataclass(frozen=True)
class ViewProgress:
    """What is done to which view.

    ``fraction`` (0 to 1) is how far the view is, ``overall`` how far the request is, which never goes back;
    ``seconds_left`` is for the whole request, None while nothing can be said.
    """

    request: int
    index: int
    total: int
    source: str
    stage: str
    fraction: float
    overall: float
    seconds_left: float | None


@dataclass(frozen=True)
class ViewDone:
    """The findings of one view: every cluster that reaches the request's threshold, highest score first.

    ``remembered`` is True when the worker had answered the same content with the same settings before and the networks
    did not run again. ``algorithm`` names the model and the device that made the findings.
    """

    request: int
    index: int
    total: int
    source: str
    image: ImageFindings
    algorithm: Algorithm
    seconds: float
    remembered: bool = False

    @property
    def device(self) -> str:
        """What the networks ran on."""
        return self.algorithm.device


@dataclass(frozen=True)
class ViewRefused:
    """A view, or an input, that gave no findings, and why."""

    request: int
    index: int
    total: int
    source: str
    refusal: Refusal


@dataclass(frozen=True)
class MapDone:
    """The probability map lies in ``path``."""

    request: int
    source: str
    path: str
    rows: int
    columns: int
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The request was worked through: ``done`` views have findings, ``refused`` have none."""

    request: int
    done: int
    refused: int
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A request, or with ``request`` None the worker itself, came to an end before its time.

    ``details`` is for people who look for the cause: the worker's last words, without anything from a header.
    """

    request: int | None
    code: str
    message: str
    hint: str = ""
    details: str = ""


@dataclass(frozen=True)
class Cancelled:
    """The request was cancelled; views that were done before stay valid."""

    request: int


Request = Detect | MapProbability | Shutdown
Message = Ready | Note | ViewProgress | ViewDone | ViewRefused | MapDone | Finished | Failed | Cancelled
