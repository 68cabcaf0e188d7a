"""Looking for studies in a PACS: what is asked, and what is shown of each to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from pydicom.dataset import Dataset

from MCDetect.dicom.description import readable_day
from MCDetect.dicom.failures import DICOM_FAILURES
from MCDetect.errors import UsageError

_LEAST_NAME = 2
_LONGEST = 64
_ASKED_FOR = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "PatientName", "PatientID",
    "PatientBirthDate", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
)  # fmt: skip


@dataclass(frozen=True)
class StudySearch:
    """What is known of the studies that are looked for; empty and None: anything.

    Attributes
    ----------
    patient
        Patient ID.
    name
        Beginning of the patient's name, ``"Family"``, ``"Family^Given"`` or ``"Family, Given"``.
    accession
        Accession Number.
    since, until
        First and last day of the study.
    modality
        A modality that the study has images of, as ``"MG"``; alone it says too little. A PACS may leave it unheeded.

    Raises
    ------
    UsageError
        ``no-query`` where nothing else is given; ``wrong-query`` for wildcards, for a name of one letter, and for days
        in the wrong order.
    """

    patient: str = ""
    name: str = ""
    accession: str = ""
    since: date | None = None
    until: date | None = None
    modality: str = ""

    def __post_init__(self) -> None:
        if not any(getattr(self, field.name) for field in fields(self) if field.name != "modality"):
            raise UsageError(
                "no-query",
                "It is not said what to look for.",
                "Give a patient, an accession number or days.",
            )
        for what, value in (("patient ID", self.patient), ("name", self.name), ("accession number", self.accession)):
            if not value.isprintable() or set("*?\\") & set(value) or value != value.strip() or len(value) > _LONGEST:
                raise UsageError(
                    "wrong-query",
                    f"The {what} holds a wildcard, a backslash or spaces around it, or is too long.",
                    "Give it as it stands in the image; of a name the beginning is enough.",
                )
        if self.name and len(self.name) < _LEAST_NAME:
            raise UsageError("wrong-query", "One letter of a name finds too much.", "Give more of the name.")
        if self.since and self.until and self.since > self.until:
            raise UsageError("wrong-query", "The first day is after the last one.", "Exchange the days.")

    def identifier(self, *, only_plain: bool = False) -> Dataset:
        """Return the keys of the query, each empty where only its value is wanted (PS3.4 Table C.6-5).

        Parameters
        ----------
        only_plain
            Of the name ask only for the first letters that are ASCII: services differ in how they read others in a
            URL. More studies than meant are found; see :meth:`fits`.
        """
        keys = Dataset()
        for keyword in _ASKED_FOR:
            setattr(keys, keyword, None if keyword == "NumberOfStudyRelatedInstances" else "")
        keys.ModalitiesInStudy = self.modality
        keys.PatientID = self.patient
        keys.AccessionNumber = self.accession
        if self.name:
            # Matching of names is by wildcard (PS3.4 section C.2.2.2.4); the comma is how people write the caret.
            name = re.sub(r"\s*,\s*", "^", self.name)
            plain = re.match(r"[A-Za-z]*", name)
            name = plain.group() if only_plain and plain and plain.group() else name
            keys.PatientName = f"{name}*"
        if not f"{self.patient}{self.accession}{keys.PatientName}".isascii():
            # Without it every other letter would go out as a question mark, which is a wildcard.
            keys.SpecificCharacterSet = "ISO_IR 192"
        if self.since or self.until:
            first, last = (f"{day:%Y%m%d}" if day else "" for day in (self.since, self.until))
            keys.StudyDate = f"{first}-{last}"
        return keys

    def fits(self, study: FoundStudy) -> bool:
        """Say whether the name of a study begins as it shall, whatever the case of its letters."""
        wanted = re.sub(r"\s*[,^]\s*", ", ", self.name)
        return study.patient_name.casefold().startswith(wanted.casefold())


@dataclass(frozen=True)
class FoundStudy:
    """A study to choose from; what the PACS does not say is empty. For the eye of the user only, never for a log."""

    uid: str
    day: str
    accession: str
    description: str
    patient_name: str
    patient_id: str
    birth_day: str
    modalities: tuple[str, ...]
    objects: int | None

    @property
    def may_be_mammography(self) -> bool:
        """Whether it holds mammograms, or the PACS does not say."""
        return not self.modalities or "MG" in self.modalities


def found_studies(answers: Iterable[Dataset]) -> list[FoundStudy]:
    """Return the studies of answers to a query, latest first, each once; what names no study is passed over."""
    studies = {str(answer.StudyInstanceUID): _found(answer) for answer in answers if answer.get("StudyInstanceUID")}
    return sorted(studies.values(), key=lambda study: (study.day, study.uid), reverse=True)


def _found(answer: Dataset) -> FoundStudy:
    modalities = _value(answer, "ModalitiesInStudy")
    listed = [modalities] if isinstance(modalities, str) else list(modalities or ())
    count = str(_value(answer, "NumberOfStudyRelatedInstances") or "")
    return FoundStudy(
        uid=str(answer.StudyInstanceUID),
        day=readable_day(str(_value(answer, "StudyDate") or "")),
        accession=str(_value(answer, "AccessionNumber") or ""),
        description=str(_value(answer, "StudyDescription") or ""),
        patient_name=_name(_value(answer, "PatientName")),
        patient_id=str(_value(answer, "PatientID") or ""),
        birth_day=readable_day(str(_value(answer, "PatientBirthDate") or "")),
        modalities=tuple(str(one) for one in listed if one),
        objects=int(count) if count.isdecimal() else None,
    )


def _value(answer: Dataset, keyword: str) -> Any:
    """Return a value, None where it is not there or cannot be read: one study must not hide the others."""
    try:
        return answer.get(keyword)
    except DICOM_FAILURES:
        return None


def _name(value: Any) -> str:
    """Return family name, given name and so on of the alphabetic group (PS3.5 section 6.2.1.1)."""
    return ", ".join(part for part in str(value or "").split("=")[0].split("^") if part)
