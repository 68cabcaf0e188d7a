"""What Slicer's reviewers ask of an extension, read from its source."""

from __future__ import annotations

import ast
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "slicer_extension"
FILES = [MODULE / "SlicerMCDetect.py", *sorted((MODULE / "SlicerMCDetectLib").glob("*.py"))]
LIGHT = {
    "__future__", "ast", "collections", "contextlib", "ctk", "dataclasses", "DICOMLib", "functools", "html",
    "importlib", "logging", "numpy", "pathlib", "qt", "queue", "shutil", "slicer", "SlicerMCDetectLib", "sys",
    "tempfile", "threading", "time", "traceback", "typing", "vtk", "xml",
}  # fmt: skip


def trees():
    return [(path.name, ast.parse(path.read_text("utf-8"))) for path in FILES]


def names_of(node):
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [(node.module or "").split(".")[0]]


@pytest.mark.parametrize(("name", "tree"), trees(), ids=lambda value: value if isinstance(value, str) else "")
def test_only_light_things_are_imported_with_the_file(name, tree):
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {imported for node in top for imported in names_of(node)} <= LIGHT


def test_pyqt_and_pytorch_are_imported_nowhere():
    for name, tree in trees():
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert {"PyQt5", "torch", "monai", "pip"}.isdisjoint(n for node in imports for n in names_of(node)), name


def test_what_the_module_takes_from_the_library_needs_no_pyqt_and_no_pytorch():
    code = (
        "import sys; import MCDetect.desktop.actions, MCDetect.desktop.navigation, MCDetect.desktop.preparing, "
        "MCDetect.review.panel.panel, "
        "MCDetect.inference.worker.client; "
        "print(sorted({'PyQt5', 'torch', 'monai'} & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_nothing_happens_when_a_file_is_imported():
    quiet = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign)
    for name, tree in trees():
        for node in tree.body:
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            assert isinstance(node, quiet) or is_text or is_for_types, f"{name}, line {node.lineno}"


def test_the_files_are_short():
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert lengths.pop("SlicerMCDetect.py") <= 100
    assert max(lengths.values()) <= 300, lengths


def test_what_is_shown_is_ready_for_translation():
    """Text with a blank that is no docstring and no name of an event stands in ``_()``."""
    shown = {"tell", "setText", "confirmYesNoDisplay", "status", "DeviceError", "InputError"}
    for name, tree in trees():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if called not in shown or name == "logic.py":  # the library's own errors are in English
                continue
            bare = [a for a in call.args if isinstance(a, ast.Constant) and " " in str(a.value)]
            assert not bare, f"{name}, line {call.lineno}"


def test_every_text_of_the_shared_panel_is_listed_for_slicers_tool_for_translations():
    from support.panel_texts import TARGET, listed

    tree = ast.parse(TARGET.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_"]
    there = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    missing = set(listed()) ^ there
    assert not missing, f"run: PYTHONPATH=.:Testing python Testing/support/panel_texts.py ({missing})"


def test_every_file_is_installed():
    listed = (MODULE / "CMakeLists.txt").read_text("utf-8")
    for path in FILES[1:]:
        assert f"${{MODULE_NAME}}Lib/{path.name}\n" in listed


def test_files_are_text_that_any_editor_reads():
    for path in FILES:
        with tokenize.open(path) as stream:
            assert stream.encoding == "utf-8"
