"""The aims that are about real mammograms and real patches, beside what was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from MCDetect.training.detection.by_eye import UNKNOWN, WRONG
from MCDetect.training.detection.tables import interval

Row = tuple[str, str, str, bool | str | None]
"""What, aim, reached, met."""

_LEAST_AREA = 0.993
_LEAST_CERTAIN, _MOST_WRONG = 0.80, 0.20
_LEAST_MARKS, _MOST_OTHERS = 12, 1
_MOST_CLUSTERS = 0.5
_UNDECIDED = ("uncertain", UNKNOWN)  # classes of marks that are neither right nor wrong
_AREAS = {
    "calcification network": "real patches: area under the ROC curve",
    "calcification network, equal high-pass deviation": "the same with every patch at equal high-pass deviation",
}


def real_rows(results: Mapping[str, Any]) -> Iterator[Row]:
    """Return the rows of what was given: real patches to the scoring of the bundle, real views to the benchmark."""
    patches = results["real patches"]
    for name, what in _AREAS.items() if patches else ():
        area = patches[name]["area_under_curve"]
        yield what, f"at least {_LEAST_AREA:g}", interval(area, 3), area["estimate"] >= _LEAST_AREA
    if results["real views"] is not None:
        yield from _marks(results)
        yield from _groups(results["by eye"])
        yield from _places(results["by eye"])


def quietest(results: Mapping[str, Any]) -> str:
    """Return the name of the real view with the fewest marks: the others may hold calcifications."""
    counts: dict[str, float] = {
        name: view["marks a view"]["mean"] for name, view in results["real views"]["each"].items()
    }
    return min(counts, key=lambda name: counts[name])


def _marks(results: Mapping[str, Any]) -> Iterator[Row]:
    name, usual = quietest(results), results["default operating point"]
    simulated = results["simulated views without clusters"]["marks a view"]["mean"]
    view = results["real views"]["each"][name]
    count = view["marks a view"]["mean"]
    ratio = count / simulated if simulated else float("inf")
    what = f"marks by themselves, real view with fewest ({name}) over simulated views without clusters"
    yield what, "0.67 to 1.5", f"{ratio:.2f} ({count:.2f} over {simulated:.2f})", 1 / 1.5 <= ratio <= 1.5
    clusters = view[f"clusters a view, {usual}"]["mean"]
    what = f"clusters at `{usual}` in the real view with fewest marks ({name})"
    yield what, f"at most {_MOST_CLUSTERS:g}", f"{clusters:g}", clusters <= _MOST_CLUSTERS


def _groups(views: Mapping[str, Any]) -> Iterator[Row]:
    for name, view in views.items():
        for group in view["groups"] if view else ():
            others = group["scores of other clusters"]
            told = ", ".join(f"{score:.2f}" for score in others) or "none"
            found = "not found" if group["score"] is None else f"found with {group['score']:.2f}"
            met = group["highest in the view"] and group["marks"] >= _LEAST_MARKS and len(others) <= _MOST_OTHERS
            yield (
                f"{name}: {group['kind']}",
                f"found, highest in the view, {_LEAST_MARKS} marks, {_MOST_OTHERS} other cluster at most",
                f"{found}, {group['marks']} marks; others: {told}",
                met,
            )


def _places(views: Mapping[str, Any]) -> Iterator[Row]:
    """Return the rows of what the eye called, of each view and of all together."""
    called = {name: view for name, view in views.items() if view and view["places called"]}
    if not called:
        return
    whose, kinds = " and ".join(called), ", ".join(WRONG)
    certain = _counts(called, "marked", "certain")
    met = _verdict({name: part >= _LEAST_CERTAIN * whole for name, (part, whole) in certain.items()})
    yield f"{whose}: what the eye calls certain that is marked", f"at least {_LEAST_CERTAIN:.0%}", _told(certain), met
    wrong = _counts(called, "wrong", "marks")
    met = _verdict({name: part <= _MOST_WRONG * whole for name, (part, whole) in wrong.items()})
    by_class = {name: sum(view["marks by class"].get(name, 0) for view in called.values()) for name in _UNDECIDED}
    others = "".join(f"; together another {number} {name}" for name, number in by_class.items() if number)
    what = f"{whose}: marks on {kinds}, by eye (some rules were chosen with these views in sight)"
    yield what, f"at most {_MOST_WRONG:.0%}", _told(wrong) + others, None if by_class[UNKNOWN] else met


def _counts(views: Mapping[str, Any], part: str, whole: str) -> dict[str, tuple[int, int]]:
    """Return both numbers of each view, and of all together."""
    counts = {name: (int(view[part]), int(view[whole])) for name, view in views.items()}
    counts["together"] = (sum(a for a, _ in counts.values()), sum(b for _, b in counts.values()))
    return counts


def _told(counts: Mapping[str, tuple[int, int]]) -> str:
    return "; ".join(f"{name} {part} of {whole} ({part / max(whole, 1):.0%})" for name, (part, whole) in counts.items())


def _verdict(verdicts: Mapping[str, bool]) -> bool | str:
    """Return the verdict of all, or each where they differ."""
    if len(set(verdicts.values())) == 1:
        return verdicts["together"]
    return ", ".join(f"{name}: {'yes' if verdict else 'no'}" for name, verdict in verdicts.items())
