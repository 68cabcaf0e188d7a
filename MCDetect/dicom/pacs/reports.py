"""What a send or a fetch asks for, tells on its way, and leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from MCDetect.errors import MCDetectError, UsageError

SENDING = "sending"
"""The stage in which objects travel."""


@dataclass(frozen=True)
class Progress:
    """How far a call is: ``done`` of ``total`` objects; ``total`` is 0 while it is not known."""

    done: int
    total: int
    stage: str


Tell: TypeAlias = Callable[[Progress], None]
"""Called now and then from the thread of the call."""


class StoppedError(MCDetectError):
    """The user wants nothing more; what came is kept, and the same call goes on from there."""


@dataclass(frozen=True)
class Failure:
    """An object that was not transferred.

    Attributes
    ----------
    path
        Its file; None where it did not become one.
    error
        Why.
    """

    path: Path | None
    error: MCDetectError


@dataclass(frozen=True)
class SendReport:
    """What became of the objects that were to be sent.

    Attributes
    ----------
    sent
        Acknowledged by the peer during this call.
    known
        Acknowledged during an earlier call, and so not sent again.
    committed
        Of those sent: what the peer committed itself to keep.
    failed
        Not acknowledged. The files stay where they are.
    passed_over
        How many files were no DICOM objects.
    notes
        Sentences the user should read.
    """

    sent: tuple[Path, ...] = ()
    known: tuple[Path, ...] = ()
    committed: tuple[Path, ...] = ()
    failed: tuple[Failure, ...] = ()
    passed_over: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FetchReport:
    """What became of the objects that were to be fetched.

    Attributes
    ----------
    written
        The new files.
    known
        Files that were there already, with the same content.
    failed
        Not fetched or not written.
    """

    written: tuple[Path, ...] = ()
    known: tuple[Path, ...] = ()
    failed: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class StudyQuery:
    """Which studies are meant: those that have all the values given.

    Attributes
    ----------
    study
        Study Instance UID; empty: any.
    patient
        Patient ID; empty: any.
    accession
        Accession Number; empty: any.

    Raises
    ------
    UsageError
        ``no-query`` where nothing is given; ``wrong-query`` for a wildcard, or for a UID that is none: a slip must not
        fetch the whole archive.
    """

    study: str = ""
    patient: str = ""
    accession: str = ""

    def __post_init__(self) -> None:
        if not (self.study or self.patient or self.accession):
            raise UsageError("no-query", "It is not said what to fetch.", "Give --study, --patient or --accession.")
        if self.study and (len(self.study) > 64 or not re.fullmatch(r"[0-9]+(\.[0-9]+)+", self.study)):
            raise UsageError("wrong-query", "What --study gives is not a UID.", "Give a Study Instance UID.")
        for option, value in (("--patient", self.patient), ("--accession", self.accession)):
            if not value.isprintable() or set("*?\\") & set(value) or value != value.strip() or len(value) > 64:
                raise UsageError(
                    "wrong-query",
                    f"What {option} gives holds a wildcard, a backslash or spaces around it, or is too long.",
                    "Give the value as it stands in the image.",
                )
