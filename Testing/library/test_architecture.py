"""The layers of the library, read from its source: who imports whom, and when."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "MCDetect"
FILES = sorted(PACKAGE.rglob("*.py"))

ROWS = (
    {
        "findings",
        "score_text",
        "descriptors",
        "bi_rads",
        "cores",
        "errors",
        "files",
        "installation",
        "polygons",
        "runs",
        "version",
    },
    {"dicom", "preprocessing", "networks", "simulation", "pictures"},
    {"inference", "training", "evaluation", "bundles", "results", "outputs"},
    {"review", "cohort"},
    {"desktop"},
    {"command_line", "commands", "__main__"},
)
HEAVY = {"torch", "monai", "ignite", "matplotlib", "sklearn"}
VIEWERS = {"qt", "ctk", "slicer", "vtk", "PyQt5", "PyQt6", "PySide2", "PySide6"}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported module and whether it is imported as soon as the file is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _imports_below(tree, at_once=True)


def _imports_below(node: ast.AST, *, at_once: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield child.module or "", at_once
            # `from MCDetect.networks import shallow_cnn` may name a module.
            yield from ((f"{child.module}.{alias.name}", at_once) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from ((name, False) for statement in child.body for name, _ in _imports_below_list([statement]))
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports_below(child, at_once=at_once and not later)


def _imports_below_list(statements: list[ast.stmt]) -> Iterator[tuple[str, bool]]:
    yield from _imports_below(ast.Module(body=statements, type_ignores=[]), at_once=False)


def row_of(room: str) -> int:
    for number, row in enumerate(ROWS):
        if room in row:
            return number
    raise AssertionError(f"MCDetect.{room} belongs to no row of ARCHITECTURE.md")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def identifier(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def test_a_file_imports_only_from_its_own_row_and_those_below() -> None:
    wrong = [
        f"{identifier(path)} imports {name}"
        for path in FILES
        if path != PACKAGE / "__init__.py"
        for name, _ in imports(path)
        if name.startswith("MCDetect.") and name != "MCDetect.__version__"
        if row_of(name.split(".")[1]) > row_of(room_of(path))
    ]
    assert not wrong


def test_rooms_of_one_row_do_not_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in FILES:
        room = room_of(path)
        targets = {name.split(".")[1] for name, _ in imports(path) if name.startswith("MCDetect.")}
        if room != "__init__":
            graph.setdefault(room, set()).update(targets - {room})
    remaining = dict(graph)
    while remaining:
        free = [room for room, targets in remaining.items() if not targets & remaining.keys()]
        assert free, f"these rooms import each other: {sorted(remaining)}"
        for room in free:
            del remaining[room]


def test_viewers_and_widgets_are_imported_only_where_they_are_shown() -> None:
    allowed = {"MCDetect/review/overlay": {"slicer", "vtk"}, "MCDetect/desktop": {"PyQt5", "slicer", "vtk"}}
    for path in FILES:
        here = next((names for folder, names in allowed.items() if identifier(path).startswith(folder)), set())
        assert not {name.split(".")[0] for name, _ in imports(path)} & VIEWERS - here, identifier(path)


def test_torch_is_imported_at_once_only_by_networks_and_what_builds_on_them() -> None:
    at_once = {module_name(path): {name for name, now in imports(path) if now} for path in FILES}
    heavy = {module for module, names in at_once.items() if {name.split(".")[0] for name in names} & HEAVY}
    # Whatever imports a heavy module at once is heavy itself.
    while True:
        more = {module for module, names in at_once.items() if names & heavy} - heavy
        if not more:
            break
        heavy |= more
    allowed = (
        "MCDetect.networks",
        "MCDetect.training",
        "MCDetect.preprocessing.transforms",
    )
    assert not {module for module in heavy if not module.startswith(allowed)}


def test_the_roots_of_the_packages_import_nothing_heavy() -> None:
    for path in FILES:
        if path.name == "__init__.py":
            assert not {name.split(".")[0] for name, now in imports(path) if now} & HEAVY, identifier(path)


def test_there_is_no_python_file_in_the_root_of_the_repository() -> None:
    # Slicer takes any Python file on a module path for a module.
    assert not list(REPOSITORY.glob("*.py"))


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    files = [*FILES, *(REPOSITORY / "Testing").rglob("*.py")]
    lengths = {identifier(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert not {path: length for path, length in lengths.items() if length > 400}


def test_only_the_command_prints() -> None:
    printing = []
    for path in FILES:
        calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        if "print" in {call.id for call in calls if isinstance(call, ast.Name)} and room_of(path) not in ROWS[-1]:
            printing.append(identifier(path))
    assert not printing
