from __future__ import annotations

from MCDetect.inference.worker.result_memory import ResultMemory, question_key


def test_the_key_depends_on_the_content_and_every_setting_and_not_on_the_name(tmp_path):
    first, copy, other = (tmp_path / name for name in ("first", "copy", "other"))
    first.write_bytes(b"a" * 3_000_000)
    copy.write_bytes(b"a" * 3_000_000)
    other.write_bytes(b"a" * 2_999_999 + b"b")
    assert question_key(first, "bundle", 0.07, 0.0) == question_key(copy, "bundle", 0.07, 0.0)
    keys = {
        question_key(first, "bundle", 0.07, 0.0),
        question_key(other, "bundle", 0.07, 0.0),
        question_key(first, "other bundle", 0.07, 0.0),
        question_key(first, "bundle", None, 0.0),
        question_key(first, "bundle", 0.07, 0.5),
    }
    assert len(keys) == 5


def test_a_file_that_cannot_be_read_has_no_key(tmp_path):
    assert question_key(tmp_path / "missing") is None
    assert question_key(tmp_path) is None


def test_what_was_not_asked_for_longest_is_forgotten_first():
    memory = ResultMemory(capacity=2)
    memory.keep("a", "image a", "algorithm")
    memory.keep("b", "image b", "algorithm")
    assert memory.recall("a") == ("image a", "algorithm")
    memory.keep("c", "image c", "algorithm")
    assert memory.recall("b") is None
    assert memory.recall("a") is not None
    assert memory.recall("c") is not None
