"""Whatever a reader does, in whatever order: undo and redo are exact, and the findings stay sound."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.errors import UsageError
from MCDetect.findings import Findings
from MCDetect.review.document import Kept, from_document, to_document

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).resolve().parents[3] / "MCDetect" / "findings.schema.json").read_text(encoding="utf-8"))
)
places = st.tuples(st.integers(20, 280), st.integers(40, 220))


class Reader(RuleBasedStateMachine):
    """A reader who does anything that can be done."""

    make_session = None

    @initialize()
    def open(self) -> None:
        self.session = type(self).make_session()
        self.session.set_threshold(0.0)

    def cluster(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([c.tracking_uid for _, c in self.session.shown_findings()]))

    def key(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.session.examination.keys))

    @precondition(lambda self: self.session.shown_findings())
    @rule(data=st.data(), reason=st.text(max_size=5))
    def decide(self, data: st.DataObject, reason: str) -> None:
        act = data.draw(st.sampled_from([self.session.accept, self.session.reject]))
        act(self.cluster(data), reason)

    @precondition(lambda self: self.session.shown_findings())
    @rule(
        data=st.data(),
        distribution=st.sampled_from(Distribution),
        morphology=st.none() | st.sampled_from(Morphology),
        assessment=st.none() | st.sampled_from(AssessmentCategory),
        comment=st.text(max_size=5),
    )
    def describe(self, data, distribution, morphology, assessment, comment) -> None:
        uid = self.cluster(data)
        self.session.set_distribution(uid, distribution)
        self.session.set_morphology(uid, morphology)
        self.session.set_assessment(uid, assessment)
        self.session.set_comment(uid, comment)

    @rule(data=st.data(), corners=st.lists(places, min_size=3, max_size=6))
    def draw(self, data: st.DataObject, corners: list[tuple[int, int]]) -> None:
        self._try(lambda: self.session.draw_cluster(self.key(data), corners))

    @precondition(lambda self: self.session.shown_findings())
    @rule(data=st.data(), corners=st.lists(places, min_size=3, max_size=6))
    def change_outline(self, data: st.DataObject, corners: list[tuple[int, int]]) -> None:
        self._try(lambda: self.session.set_outline(self.cluster(data), corners))

    @precondition(lambda self: len(self.session.shown_findings()) > 1)
    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        self._try(lambda: self.session.merge_clusters([self.cluster(data), self.cluster(data)]))

    @precondition(lambda self: self.session.shown_findings())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self._try(lambda: self.session.delete_cluster(self.cluster(data)))

    @precondition(lambda self: len(self.session.shown_findings()) > 1)
    @rule(data=st.data(), same=st.booleans())
    def correspond(self, data: st.DataObject, same: bool) -> None:
        act = self.session.confirm_correspondence if same else self.session.decline_correspondence
        self._try(lambda: act(self.cluster(data), self.cluster(data)))

    @rule(data=st.data(), place=places)
    def add(self, data: st.DataObject, place: tuple[int, int]) -> None:
        self._try(lambda: self.session.add_calcification(self.key(data), *place))

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        key = self.key(data)
        shown = self.session.calcifications(key)
        if shown:
            self.session.remove_calcification(key, data.draw(st.sampled_from([c.id for c in shown])))

    @rule(threshold=st.sampled_from([0.0, 0.5, 1.0]))
    def filter(self, threshold: float) -> None:
        self.session.set_threshold(threshold)

    @rule()
    def detect_again(self) -> None:
        other = type(self).make_session()
        for key in self.session.examination.keys:
            self.session.add_view_findings(other.image(key))

    @rule()
    def undo(self) -> None:
        self.session.undo()

    @rule()
    def redo(self) -> None:
        self.session.redo()

    def _try(self, act) -> None:
        """Do what may be refused; a refusal changes nothing."""
        before = self.session.state
        try:
            act()
        except UsageError:
            assert self.session.state is before

    @invariant()
    def undo_and_redo_are_exact_inverses(self) -> None:
        if hasattr(self, "session"):
            before, past, future = self.session.state, self.session.undo_text, self.session.redo_text
            if self.session.undo():
                self.session.redo()
                assert self.session.state == before
                assert (self.session.undo_text, self.session.redo_text) == (past, future)

    @invariant()
    def findings_are_sound(self) -> None:
        if not hasattr(self, "session"):
            return
        findings = self.session.reviewed_findings()
        text = findings.to_json()
        assert Findings.from_json(text) == findings
        SCHEMA.validate(json.loads(text))
        for image in self.session.state.images:
            ids = [c.id for c in image.calcifications]
            members = [member for cluster in image.clusters for member in cluster.member_ids]
            assert len(set(ids)) == len(ids)
            assert len(set(members)) == len(members)
            assert set(members) <= set(ids)
            assert len({cluster.id for cluster in image.clusters}) == len(image.clusters)
            assert all(cluster.area_mm2 > 0 for cluster in image.clusters)

    @invariant()
    def it_can_be_kept(self) -> None:
        if hasattr(self, "session"):
            kept = Kept(self.session.state, self.session.algorithm, "custom", self.session.threshold, "Reader^Anna")
            assert from_document(json.loads(json.dumps(to_document(kept)))) == kept


@pytest.fixture
def reader(make_session) -> type[Reader]:
    return type("AnyReader", (Reader,), {"make_session": staticmethod(make_session)})


def test_any_sequence_of_actions_leaves_a_sound_review(reader) -> None:
    few = settings(
        max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(reader, settings=few)
