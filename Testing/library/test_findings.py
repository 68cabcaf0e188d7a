"""Findings as JSON: an exact round trip, and a schema that holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from support import random_findings

from MCDetect.bi_rads import Distribution, Morphology
from MCDetect.descriptors import Descriptors, MorphologyProbability, Spread
from MCDetect.findings import (
    SCHEMA_VERSION,
    Algorithm,
    Calcification,
    Cluster,
    Correspondence,
    Decision,
    Findings,
    ImageFindings,
    Origin,
    Refusal,
    Review,
    SpacingSource,
)

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "MCDetect" / "findings.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def full_findings() -> dict[str, Any]:
    """Return findings in which every list has an entry."""
    calcification = Calcification(1, 10.0, 11.5, 0.05, 0.3, 0.9, ((10, 10, 4),), benign_type=Morphology.VASCULAR)
    cluster = Cluster(
        1,
        (1,),
        ((5.0, 5.0), (5.0, 15.0), (15.0, 15.0)),
        9.0,
        0.3,
        11.1,
        0.8,
        Distribution.GROUPED,
        "2.25.7",
        benign_type=Morphology.VASCULAR,
        descriptors=Descriptors(
            Spread(0.7, 0.2),
            Spread(0.3, 0.1),
            Spread(0.4, 0.1),
            (MorphologyProbability(Morphology.VASCULAR, 0.9), MorphologyProbability(Morphology.FINE_LINEAR, 0.1)),
            0.02,
        ),
    )
    image = ImageFindings(
        sop_instance_uid="2.25.1",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1.2",
        series_instance_uid="2.25.2",
        study_instance_uid="2.25.3",
        laterality="R",
        view="MLO",
        rows=100,
        columns=80,
        spacing_mm=(0.07, 0.07),
        spacing_source=SpacingSource.AT_DETECTOR,
        score=0.8,
        breast_area_mm2=30.0,
        calcifications=(calcification,),
        clusters=(cluster,),
        warnings=("The breast has an implant.",),
        nipple=(50.0, 3.0),
    )
    algorithm = Algorithm("MCDetect", "0.1.0", "default", "0" * 64, "balanced", 0.4, "cpu")
    refused = Refusal("a.txt", "not-dicom", "a.txt is not DICOM.", "Give a DICOM file.")
    correspondence = Correspondence(("2.25.7", "2.25.8"), 0.7, confirmed=True)
    review = Review("Reader^Anna", "2026-11-21T10:00:00+01:00", True, "Nothing else.", ("2.25.9",))
    return json.loads(Findings(algorithm, (image,), (refused,), (correspondence,), review).to_json())


READERS_FIELDS = {"origin", "decision", "reason", "comment", "morphology", "assessment", "correspondences", "review"}
"""What findings of version 1.0 did not have."""

FIELDS_OF_1_2 = {"benign_type", "descriptors", "nipple"}
"""What findings of version 1.1 did not have."""

FIELDS_OF_1_4 = {"told_count"}
"""What findings of version 1.3 did not have."""


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield every JSON object in a document with the way to it."""
    if isinstance(value, dict):
        yield path, value
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from objects(entry, (*path, key))


@given(random_findings.findings)
@settings(max_examples=40)
def test_what_is_written_is_read_back_exactly(findings):
    assert Findings.from_json(findings.to_json()) == findings
    assert Findings.from_json(findings.to_json(indent=None)) == findings


@given(random_findings.findings)
@settings(max_examples=40)
def test_what_is_written_satisfies_the_schema(findings):
    VALIDATOR.validate(json.loads(findings.to_json()))


def test_the_schema_is_a_valid_schema_of_this_version():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_the_schema_says_what_every_field_means():
    silent = [
        ".".join(map(str, (*path, name)))
        for path, part in objects(SCHEMA)
        if path and path[-1] == "properties"
        for name, field in part.items()
        if not (field.get("description") or "$ref" in field)
    ]
    assert not silent
    assert all(definition["description"] for definition in SCHEMA["$defs"].values())


def test_the_schema_allows_no_further_field_and_misses_none():
    document = full_findings()
    checked = 0
    for path, _ in objects(document):
        for field in [*dict(_at(document, path)), None]:
            changed = json.loads(json.dumps(document))
            part = _at(changed, path)
            if field is None:
                part["further"] = 1
            else:
                del part[field]
            assert not VALIDATOR.is_valid(changed), (
                f"{path} with {'a further field' if field is None else f'no {field}'}"
            )
            checked += 1
    assert checked > 50


def test_a_missing_field_is_refused_by_the_reader():
    document = full_findings()
    for path, part in objects(document):
        for field in part:
            if field in {
                "count",
                "warnings",
                "hint",
                "calcification_threshold",
                "complete",
                "confirmed",
                "predecessor_uids",
                *READERS_FIELDS,
                *FIELDS_OF_1_2,
                *FIELDS_OF_1_4,
            } or (field == "source" and path[0] == "images"):  # these have a default
                continue
            changed = json.loads(json.dumps(document))
            del _at(changed, path)[field]
            with pytest.raises(ValueError, match="findings"):
                Findings.from_json(json.dumps(changed))


def test_a_further_field_is_refused_by_the_reader():
    document = full_findings()
    for path, _ in objects(document):
        if path == ():
            continue
        changed = json.loads(json.dumps(document))
        _at(changed, path)["further"] = 1
        with pytest.raises(ValueError, match="malformed"):
            Findings.from_json(json.dumps(changed))


def test_findings_of_version_1_1_are_read_without_types_descriptors_and_nipple():
    document = full_findings()
    for _, part in list(objects(document)):
        for field in (FIELDS_OF_1_2 | FIELDS_OF_1_4) & part.keys():
            del part[field]
    document["schema_version"] = "1.1"
    image = Findings.from_json(json.dumps(document)).images[0]
    assert (image.nipple, image.clusters[0].benign_type, image.clusters[0].descriptors) == (None, None, None)
    assert image.calcifications[0].benign_type is None
    assert not image.clusters[0].is_typically_benign


def test_the_readers_morphology_decides_whether_a_cluster_is_typically_benign():
    cluster = Findings.from_json(json.dumps(full_findings())).images[0].clusters[0]
    assert cluster.is_typically_benign
    assert not replace(cluster, morphology=Morphology.AMORPHOUS).is_typically_benign
    assert replace(cluster, benign_type=None, morphology=Morphology.SKIN).is_typically_benign


def test_findings_of_version_1_3_are_read_with_the_number_of_members():
    document = full_findings()
    for cluster in document["images"][0]["clusters"]:
        del cluster["told_count"]
        cluster["count"] = len(cluster["member_ids"])
    document["schema_version"] = "1.3"
    cluster = Findings.from_json(json.dumps(document)).images[0].clusters[0]
    assert (cluster.told_count, cluster.count) == (None, len(cluster.member_ids))


def test_an_outline_that_a_reader_drew_round_none_is_read_from_version_1_3_with_its_zero():
    document = full_findings()
    drawn = document["images"][0]["clusters"][0]
    del drawn["told_count"]
    drawn.update(count=0, member_ids=[], origin="reader")
    document["schema_version"] = "1.3"
    cluster = Findings.from_json(json.dumps(document)).images[0].clusters[0]
    assert (cluster.told_count, cluster.count) == (0, 0)


def test_a_number_that_nobody_tells_is_no_zero():
    cluster = Findings.from_json(json.dumps(full_findings())).images[0].clusters[0]
    silent = replace(cluster, member_ids=(), told_count=None)
    assert (silent.count, silent.count_text) == (None, "–")
    assert (replace(silent, told_count=7).count, replace(silent, told_count=7).count_text) == (7, "7")


def test_findings_of_version_1_0_are_read_with_no_word_of_a_reader():
    document = full_findings()
    for _, part in list(objects(document)):
        for field in (READERS_FIELDS | FIELDS_OF_1_2 | FIELDS_OF_1_4) & part.keys():
            del part[field]
    document["schema_version"] = "1.0"
    findings = Findings.from_json(json.dumps(document))
    cluster = findings.images[0].clusters[0]
    assert findings.schema_version == SCHEMA_VERSION
    assert findings.review is None
    assert (cluster.decision, cluster.origin, cluster.morphology) == (Decision.UNDECIDED, Origin.ALGORITHM, None)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"schema_version": "2.0"}', "not json"])
def test_other_documents_are_refused_by_the_reader(text):
    with pytest.raises(ValueError, match=r"findings|Expecting"):
        Findings.from_json(text)


@given(random_findings.images())
@settings(max_examples=40)
def test_every_calcification_is_in_a_cluster_or_isolated(image):
    clustered = {member.id for cluster in image.clusters for member in image.members(cluster)}
    isolated = {calcification.id for calcification in image.isolated_calcifications}
    assert clustered | isolated == {calcification.id for calcification in image.calcifications}
    assert not clustered & isolated


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document
