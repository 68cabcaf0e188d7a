"""That a person has reviewed the findings: completion, participants, verification and predecessors of a report.

SR Document General module, DICOM PS3.3 section C.17.2.
"""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset

from MCDetect.dicom.writing.context import ReportContext
from MCDetect.dicom.writing.macros import evidence
from MCDetect.dicom.writing.reader_texts import person_name
from MCDetect.findings import Review


def document_modules(dataset: Dataset, source: Dataset, context: ReportContext) -> None:
    """Say in ``dataset`` (with its SOP class) how far it is complete, who reviewed it, and what it replaces.

    An unreviewed report is complete, preliminary and unverified. A report under review is partial. A reviewed one is
    complete, final, and verified if the mammogram names an institution: a verifying observer has to belong to one, and
    findings name none.
    """
    review = context.review
    dataset.CompletionFlag = "COMPLETE" if review is None or review.complete else "PARTIAL"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.PreliminaryFlag = "FINAL" if review is not None and review.complete else "PRELIMINARY"
    predecessors = context.predecessors_of(dataset.SOPClassUID, source)
    if predecessors:
        dataset.PredecessorDocumentsSequence = evidence(predecessors)
    if review is None or not person_name(review.reader):
        return
    dataset.ParticipantSequence = [_participant(review)]
    organization = str(source.get("InstitutionName") or "").strip()
    if review.complete and organization:
        dataset.VerificationFlag = "VERIFIED"
        observer = Dataset()
        observer.VerifyingOrganization = organization
        observer.VerificationDateTime = dicom_time(review)
        observer.VerifyingObserverName = person_name(review.reader)
        observer.VerifyingObserverIdentificationCodeSequence = []
        dataset.VerifyingObserverSequence = [observer]


def dicom_time(review: Review) -> str:
    """Return when the review was made as a DICOM date and time, or an empty text when it does not say so."""
    try:
        moment = datetime.fromisoformat(review.reviewed_at.replace("Z", "+00:00"))
    except ValueError:
        return ""
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    return f"{moment:%Y%m%d%H%M%S}".rjust(14, "0") + fraction + f"{moment:%z}"[:5]


def _participant(review: Review) -> Dataset:
    item = Dataset()
    item.ParticipationType = "ATTEST" if review.complete else "ENT"
    item.ParticipationDateTime = dicom_time(review)
    item.ObserverType = "PSN"
    item.PersonName = person_name(review.reader)
    item.PersonIdentificationCodeSequence = []
    item.InstitutionName = None
    item.InstitutionCodeSequence = []
    return item
