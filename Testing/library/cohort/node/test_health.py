"""What an operator reads of the node, and how failures of its parts are kept."""

from __future__ import annotations

import json
from pathlib import Path

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node.health import MOST_LISTED, Troubles, count_given_up, report
from MCDetect.cohort.records import examination_name
from MCDetect.errors import OutputError


def put(manifest: Manifest, number: int, **values: object) -> str:
    """Put an examination into the manifest; return its name."""
    name = examination_name(str(number))
    columns = {"name": name, "study": f"1.2.{number}", "state": "done", "changed": number, **values}
    with manifest.transaction() as database:
        marks = ",".join("?" * len(columns))
        database.execute(f"INSERT INTO examinations ({','.join(columns)}) VALUES ({marks})", tuple(columns.values()))
    return name


def test_examinations_that_somebody_should_look_at_are_listed_with_their_reasons(manifest, tmp_path):
    folder = tmp_path / "node"
    put(manifest, 1)
    put(manifest, 2, delivery_due=1.0)
    failed = put(manifest, 3, state="failed", message=f"{folder}/inbox/ab/abc/image.dcm is damaged.")
    refused = put(manifest, 4, delivery_due=1.0, delivery_error="The node 'PACS' did not store it.")
    given_up = put(manifest, 5, delivery_error="The node 'PACS' takes no such class.")
    shown = report(folder, manifest, [], "")
    assert (shown["status"], shown["reasons"]) == ("ok", [])
    assert shown["delivery"] == {"away": "", "waiting": 2, "refused": 1, "given_up": 1}
    assert shown["failed"] == 1
    assert [tuple(one.values()) for one in shown["examinations"]] == [
        (given_up, "given-up", "The node 'PACS' takes no such class."),
        (refused, "refused", "The node 'PACS' did not store it."),
        (failed, "failed", "image.dcm is damaged."),
    ]
    assert count_given_up(manifest) == 1
    assert "1.2." not in json.dumps(shown)  # no study


def test_the_list_has_an_end_and_the_numbers_have_none(manifest, tmp_path):
    for number in range(MOST_LISTED + 3):
        put(manifest, number, state="failed", message="It is damaged.")
    shown = report(tmp_path / "node", manifest, [], "")
    assert (len(shown["examinations"]), shown["failed"]) == (MOST_LISTED, MOST_LISTED + 3)
    assert shown["examinations"][0]["examination"] == examination_name(str(MOST_LISTED + 2))


def test_a_destination_that_is_away_is_shown_but_does_not_make_the_node_ill(manifest, tmp_path):
    shown = report(tmp_path, manifest, [], "Nothing listens there.")
    assert (shown["status"], shown["delivery"]["away"]) == ("ok", "Nothing listens there.")
    assert report(tmp_path, manifest, ["No worker is running."], "")["status"] == "failing"


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path):
    with Manifest(tmp_path) as manifest:
        pass
    shown = report(tmp_path, manifest, ["The disk is full."], "")
    assert shown["status"] == "failing"
    assert shown["reasons"][0] == "The disk is full."
    assert len(shown["reasons"]) == 2


def test_a_failure_stays_until_its_own_part_succeeds_and_is_told_once():
    told: list[str] = []
    troubles = Troubles(told.append)
    for _ in range(3):
        troubles.failed("work", ValueError("secret"))
        troubles.failed("delivery", OutputError("cannot-write", "The disk is full.", "Free space."))
    assert len(told) == 2
    assert "secret" not in told[0]
    troubles.over("sweep")
    assert len(troubles.sentences) == 2
    troubles.over("work")
    assert troubles.sentences == ["The disk is full."]
    troubles.failed("work", ValueError())
    assert len(told) == 3
