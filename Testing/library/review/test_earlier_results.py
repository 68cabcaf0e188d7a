"""Results of an earlier run or review, read back into a review that goes on from them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydicom import dcmread
from pydicom.dataelem import DataElement
from support.older_cad_report import older_cad_report
from support.review_examples import ALGORITHM, many_findings

from MCDetect.bi_rads import AssessmentCategory, Morphology
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import Decision, Findings
from MCDetect.review.earlier_results import EarlierResults, read_earlier_results, results_below
from MCDetect.review.export_process import export_in_process
from MCDetect.review.exporting import export
from MCDetect.review.opening import open_given
from MCDetect.review.recovery import wait_until_kept


@pytest.fixture
def reviewed(session, tmp_path):
    """Return the folder of an exported review: one accepted, one rejected, two that are the same in both views."""
    first, second, *_ = (cluster.tracking_uid for _, cluster in session.shown_findings())
    weak = session.state.images[0].clusters[1].tracking_uid
    session.confirm_correspondence(first, second)
    session.accept(first, "new since 2019")
    session.reject(weak, "vascular")
    session.set_morphology(first, Morphology.FINE_PLEOMORPHIC)
    session.set_assessment(first, AssessmentCategory.MODERATE_SUSPICION)
    session.set_comment(first, "both views")
    session.set_study_comment("compared with 2019")
    session.set_complete()
    folder = tmp_path / "reviewed"
    exported = export(
        session.reviewed_findings(), session.examination, folder, ("seg", "cad-sr", "measurements-sr", "json")
    )
    assert exported.problems == ()
    return folder


def said(session):
    return {
        (
            key,
            cluster.tracking_uid,
            cluster.decision,
            cluster.reason,
            cluster.comment,
            cluster.morphology,
            cluster.assessment,
        )
        for key, cluster in session.shown_findings()
    }


def pairs(session):
    return {frozenset(pair.tracking_uids) for pair in session.state.correspondences if pair.confirmed}


@pytest.mark.parametrize("which", ["findings.json", "*.dcm"])
def test_a_review_goes_on_where_its_export_ended(session, make_session, reviewed, which):
    again = make_session(found=False, reader="")
    files = sorted(reviewed.rglob(which))
    count = again.add_results(read_earlier_results(files, [view.path for view in again.examination.views]))
    assert count == 2
    assert said(again) == said(session)
    assert pairs(again) == pairs(session) != set()
    assert again.state.comment == "compared with 2019"
    assert again.threshold == pytest.approx(session.threshold)
    assert not again.has_unsaved_changes
    assert not again.undo_text, "what came from outside is no action"
    assert again.reader == "", "the earlier reader is not this one"
    first = next(cluster for _, cluster in again.shown_findings() if cluster.decision is Decision.ACCEPTED)
    again.undecide(first.tracking_uid)
    again.undo()
    assert said(again) == said(session)


@pytest.mark.parametrize("which", ["findings.json", "*.dcm"])
def test_what_an_earlier_reader_finished_is_not_attested_in_the_name_of_the_present_one(
    make_session, reviewed, tmp_path, which
):
    (earlier,) = reviewed.rglob("cad-sr_*.dcm")
    assert dcmread(earlier).ParticipantSequence[0].ParticipationType == "ATTEST"
    again = make_session(found=False, reader="Second^Reader")
    files = sorted(reviewed.rglob(which))
    again.add_results(read_earlier_results(files, [view.path for view in again.examination.views]))
    assert not again.state.complete
    given = again.reviewed_findings(), again.examination
    unfinished = export(*given, tmp_path / "unfinished", ("cad-sr", "measurements-sr"))
    assert len(unfinished.dicom_files) == 2
    for path in unfinished.dicom_files:
        report = dcmread(path)
        said = report.CompletionFlag, report.PreliminaryFlag, report.VerificationFlag
        assert said == ("PARTIAL", "PRELIMINARY", "UNVERIFIED")
        assert report.ParticipantSequence[0].ParticipationType == "ENT"
        assert "VerifyingObserverSequence" not in report
    again.set_complete()
    assert again.reviewed_findings().review.complete


def test_the_reports_of_a_review_name_those_that_they_replace(make_session, reviewed, tmp_path):
    again = make_session(found=False, reader="Second^Reader")
    files = sorted(reviewed.rglob("*.dcm"))
    again.add_results(read_earlier_results(files, [view.path for view in again.examination.views]))
    again.reject(next(c.tracking_uid for _, c in again.shown_findings() if c.decision is Decision.ACCEPTED))
    exported = export(
        again.reviewed_findings(), again.examination, tmp_path / "again", reports=list(again.reports.values())
    )
    assert exported.problems == ()
    reports = {path.name.split("_")[0]: dcmread(path) for path in exported.files if "-sr_" in path.name}
    earlier = {path.name.split("_")[0]: dcmread(path) for path in files if "-sr_" in path.name}
    assert set(reports) == {"cad-sr", "measurements-sr"}
    for kind, report in reports.items():
        (study,) = report.PredecessorDocumentsSequence
        (series,) = study.ReferencedSeriesSequence
        (named,) = series.ReferencedSOPSequence
        assert named.ReferencedSOPInstanceUID == earlier[kind].SOPInstanceUID != report.SOPInstanceUID
    review = Findings.from_json((tmp_path / "again" / "findings.json").read_text()).review
    assert review is not None
    assert set(review.predecessor_uids) == {report.SOPInstanceUID for report in earlier.values()}


def test_work_that_is_taken_up_again_still_replaces_the_earlier_reports(make_session, reviewed, tmp_path):
    kept = tmp_path / "kept"
    again = make_session(kept, found=False, reader="Second^Reader")
    again.add_results(read_earlier_results(sorted(reviewed.rglob("*.dcm")), []))
    again.reject(next(c.tracking_uid for _, c in again.shown_findings() if c.decision is Decision.ACCEPTED))
    again.close()
    resumed = make_session(kept, found=False, reader="")
    (offer,) = resumed.offers
    resumed.resume(offer)
    assert resumed.reports == again.reports
    assert len(resumed.reports) == 2
    assert set(resumed.reviewed_findings().review.predecessor_uids) == set(again.reports)
    exported = export(
        resumed.reviewed_findings(), resumed.examination, tmp_path / "again", ("cad-sr",),
        reports=list(resumed.reports.values()),
    )  # fmt: skip
    (report,) = exported.dicom_files
    assert "PredecessorDocumentsSequence" in dcmread(report)


def test_work_that_was_kept_before_reports_were_is_taken_up(make_session, tmp_path):
    session = make_session(tmp_path / "kept")
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    wait_until_kept()
    (file,) = (tmp_path / "kept").glob("*.json")
    document = json.loads(file.read_text())
    del document["review"]["reports"]
    file.write_text(json.dumps(document))
    resumed = make_session(tmp_path / "kept", found=False)
    resumed.resume(resumed.offers[0])
    assert resumed.reports == {}
    assert len(resumed.shown_findings()) == len(session.shown_findings())


def named_by(path):
    """Return the SOP Instance UIDs of the predecessors of a report."""
    return {
        instance.ReferencedSOPInstanceUID
        for study in dcmread(path).get("PredecessorDocumentsSequence", [])
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }


def test_a_replaced_report_is_named_though_its_file_is_gone_and_told_where_nothing_is_known_of_it(
    make_session, reviewed, tmp_path
):
    again = make_session(found=False, reader="Second^Reader")
    again.add_results(read_earlier_results([reviewed / "findings.json"]))
    assert len(again.reports) == 2, "those beside the file are what is replaced"
    for path in reviewed.rglob("*-sr_*.dcm"):
        path.unlink()
    again.reject(next(c.tracking_uid for _, c in again.shown_findings() if c.decision is Decision.ACCEPTED))
    given = again.reviewed_findings(), again.examination, tmp_path / "again", ("cad-sr", "measurements-sr")
    exported = export(*given, reports=list(again.reports.values()))
    assert exported.notes == ()
    assert set().union(*map(named_by, exported.files)) == set(again.reports)
    exported = export(*given)
    assert any("2 of the replaced reports are no longer there" in note for note in exported.notes)


@pytest.mark.parametrize("folders", [("first", "second", "third"), ("same", "same", "same")])
def test_each_export_of_a_review_names_those_before_it(session, tmp_path, folders):
    session.set_complete()
    before = set()
    for number, folder in enumerate(folders):
        exported = export_in_process(
            session.reviewed_findings(), session.examination, tmp_path / folder, ("cad-sr", "measurements-sr"),
            reports=list(session.reports.values()),
        )  # fmt: skip
        assert exported.problems == exported.notes == ()
        assert len(exported.reports) == 2
        assert {str(dcmread(path).SOPInstanceUID) for path in exported.files} == {
            report.sop_instance_uid for report in exported.reports
        }
        assert set().union(*map(named_by, exported.files)) == before
        session.reports.update({report.sop_instance_uid: report for report in exported.reports})
        before = set(session.reports)
        assert len(before) == 2 * (number + 1)
        session.set_study_comment(f"corrected {number + 1} times")


def test_work_that_was_kept_when_reports_were_files_still_replaces_them(make_session, reviewed, tmp_path):
    kept = tmp_path / "kept"
    again = make_session(kept, found=False)
    files = sorted(reviewed.rglob("*-sr_*.dcm"))
    again.add_results(read_earlier_results(files, []))
    again.set_study_comment("to be continued")
    again.close()
    wait_until_kept()
    (file,) = kept.glob("*.json")
    document = json.loads(file.read_text())
    uids = [str(dcmread(path).SOPInstanceUID) for path in files]
    document["review"]["reports"] = {uid: str(path) for uid, path in zip(uids, files, strict=True)}
    file.write_text(json.dumps(document))
    resumed = make_session(kept, found=False)
    resumed.resume(resumed.offers[0])
    assert resumed.reports == again.reports
    assert len(resumed.reports) == 2


def test_what_the_present_reader_has_said_stays(session, make_session, reviewed):
    again = make_session(reader="Second^Reader")
    first = again.shown_findings()[0][1].tracking_uid
    again.reject(first, "noise")
    again.add_results(read_earlier_results([reviewed / "findings.json"]))
    assert again.state.find(first)[1].decision is Decision.REJECTED
    assert again.state.find(first)[1].reason == "noise"
    assert len(pairs(again)) == 1


def test_results_about_other_images_are_refused_in_one_sentence(session, reviewed):
    findings = Findings.from_json((reviewed / "findings.json").read_text())
    others = tuple(replace(image, sop_instance_uid=f"1.2.{number}") for number, image in enumerate(findings.images))
    with pytest.raises(InputError, match="none of the images"):
        session.add_results(EarlierResults(replace(findings, images=others)))
    larger = tuple(replace(image, rows=image.rows + 1) for image in findings.images)
    with pytest.raises(UsageError, match="has changed"):
        session.add_results(EarlierResults(replace(findings, images=larger)))


def test_another_makers_report_about_raw_images_is_refused_with_the_reason(session, tmp_path):
    path = tmp_path / "older.dcm"
    older_cad_report().save_as(path, enforce_file_format=True)
    before = session.state
    with pytest.raises(InputError, match="raw images \\(For Processing\\)") as told:
        session.add_results(read_earlier_results([path]))
    assert told.value.code == "for-processing"
    assert session.state is before


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema_version": "9"}'])
def test_findings_that_were_edited_wrongly_are_refused_in_one_sentence(tmp_path, damage):
    path = tmp_path / "findings.json"
    path.write_text(damage)
    with pytest.raises(InputError, match=r"findings\.json does not hold findings") as told:
        read_earlier_results([path])
    assert told.value.hint


def test_findings_that_contradict_themselves_are_refused(reviewed):
    path = reviewed / "findings.json"
    document = json.loads(path.read_text())
    document["images"][0]["clusters"][0]["member_ids"].append(4711)
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="a calcification that is not among those"):
        read_earlier_results([path])


def test_results_are_told_from_mammograms_among_whatever_is_opened(
    examination_folder, reviewed, make_session, tmp_path
):
    opened = open_given([examination_folder, reviewed])
    assert opened.examination is not None
    assert len(opened.examination.views) == 2
    assert opened.examination.refused == ()
    assert opened.is_wanted
    assert opened.results is not None
    assert len(opened.results.reports) == 2
    # Results alone belong to what is open; without anything open that is told.
    alone = open_given([reviewed / "findings.json"], current=make_session().examination)
    assert alone.examination is None
    assert alone.results is not None
    with pytest.raises(InputError, match="without the mammograms"):
        open_given([reviewed])
    # Beside the mammograms they were not asked for.
    both = tmp_path / "both"
    both.mkdir()
    for path in examination_folder.iterdir():
        (both / path.name).write_bytes(path.read_bytes())
    reviewed.rename(both / "results")
    (both / "notes.json").write_text("{}")
    assert not open_given([both]).is_wanted
    assert len(results_below(both)) == 1 + 2 + 2
    # What lies there and is damaged is no reason to trouble the reader, what was asked for is.
    (both / "results" / "findings.json").write_text("{")
    assert open_given([both]).problem is None
    told = open_given([both, both / "results" / "findings.json"])
    assert told.examination is not None
    assert "does not hold findings" in str(told.problem)


def test_opening_many_findings_converts_no_report_and_no_segmentation_as_a_whole(
    make_session, examination_folder, tmp_path, monkeypatch
):
    session = make_session(found=False)
    images = tuple(many_findings(view) for view in session.examination.views)
    folder = tmp_path / "results"
    findings = Findings(ALGORITHM, images)
    assert export(findings, session.examination, folder, ("seg", "cad-sr", "measurements-sr", "json")).problems == ()
    converted = 0
    convert = DataElement.to_json_dict

    def counted(self, *given, **named):
        nonlocal converted
        converted += 1
        return convert(self, *given, **named)

    monkeypatch.setattr(DataElement, "to_json_dict", counted)
    for path in folder.rglob("*.dcm"):
        dcmread(path).to_json_dict()
    whole, converted = converted, 0
    opened = open_given([examination_folder, folder])
    assert opened.results is not None
    assert len(opened.results.reports) == 2
    assert sum(len(image.clusters) for image in opened.results.findings.images) == 48
    assert converted < whole / 20, "the headers of the mammograms and what tells what the others are"
