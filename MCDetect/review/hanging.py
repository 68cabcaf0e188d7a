"""Which view goes where and how it is turned, by the header alone: RCC LCC over RMLO LMLO, chest walls back to back.

Where there are priors, RCC LCC RMLO LMLO hang in one row over the same views of the latest prior. An examination of CC
views only, or of MLO views only, opens as a pair: half a screen of nothing would make the other half small.

PatientOrientation says which way the stored rows and columns point (DICOM PS3.3 section C.7.6.1.1.1): A anterior,
P posterior, R and L the patient's right and left, H head, F feet. A view hangs right when the anterior of a right
breast points to the left of the screen and that of a left breast to the right, the head is up in oblique and lateral
views, and the lateral side is up in craniocaudal ones (IHE Mammography Image profile). The data is never flipped: a
viewer flips its camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from MCDetect.review.examination import Examination, View

_CRANIOCAUDAL = frozenset({"CC", "XCCL", "XCCM", "FB"})


class Layout(str, Enum):
    """How many views are seen at once."""

    FOUR_VIEWS = "four views"
    CC_PAIR = "CC pair"
    MLO_PAIR = "MLO pair"
    ONE_VIEW = "one view"
    CURRENT_AND_PRIOR = "current beside prior"
    FOUR_OVER_PRIORS = "four views over priors"


_PAIRS = {"CC": Layout.CC_PAIR, "MLO": Layout.MLO_PAIR}
"""The rows of the four standard views, from top to bottom, and the layout of each alone."""


@dataclass(frozen=True)
class Flips:
    """How a viewer turns its picture of a view (columns mirrored: ``horizontal``; rows mirrored: ``vertical``).

    ``chest_wall`` is the side of the screen on which it then is: ``"left"``, ``"right"`` or ``""`` when unknown.
    ``note`` is a sentence for the reader when the header does not say enough.
    """

    horizontal: bool = False
    vertical: bool = False
    chest_wall: str = ""
    note: str = ""


@dataclass(frozen=True)
class Slot:
    """A place on the screen: its title, the view in it (None: empty) and others of the same kind that could be."""

    title: str
    key: str | None
    flips: Flips = Flips()
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hanging:
    """Slots by rows (``slots[row][column]``), and the views of the examination that are in no slot."""

    layout: Layout
    slots: tuple[tuple[Slot, ...], ...]
    others: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The keys of the views in the slots."""
        return tuple(slot.key for row in self.slots for slot in row if slot.key is not None)


def shown_flips(view: View) -> Flips:
    """Return how a viewer must turn a view so that it hangs right."""
    row, column = _directions(view)
    if not view.laterality:
        return Flips(note="The header does not say which breast this is; the image is shown as it is stored.")
    chest_wall = "right" if view.laterality == "R" else "left"
    wanted_row = "P" if view.laterality == "R" else "A"
    along = _sign(row, wanted_row, "A" if wanted_row == "P" else "P")
    if along is None:
        return Flips(note="The header does not say where the chest wall is; the image is shown as it is stored.")
    if view.view in _CRANIOCAUDAL:
        medial = "L" if view.laterality == "R" else "R"
        down = _sign(column, medial, view.laterality)
    elif view.view:
        down = _sign(column, "F", "H")
    else:
        down = _sign(column, "F", "H")
        if down is None:
            down = _sign(column, "L" if view.laterality == "R" else "R", view.laterality)
    note = "" if down is not None else "The header does not say which side of this image is up."
    return Flips(along is False, down is False, chest_wall, note)


def opening_layout(examination: Examination, wanted: Layout) -> Layout:
    """Return the layout to open an examination in: ``wanted``, or the pair where that leaves a row of nothing."""
    names = _standard_names(examination.current)
    return _PAIRS[names[0]] if len(names) == 1 and wanted in (Layout.FOUR_VIEWS, *_PAIRS.values()) else wanted


def hang(examination: Examination, layout: Layout = Layout.FOUR_VIEWS, focus: str | None = None) -> Hanging:
    """Return which views go where.

    Parameters
    ----------
    examination
        What was opened.
    layout
        See :class:`Layout`.
    focus
        Key of the view that ``ONE_VIEW`` shows and that ``CURRENT_AND_PRIOR`` compares; the first one if None.
    """
    current = examination.current
    focused = next((view for view in examination.views if view.key == focus), current[0] if current else None)
    study = examination.of_study(focused.study) if focused and layout is not Layout.CURRENT_AND_PRIOR else current
    slots: tuple[tuple[Slot, ...], ...]
    if layout is Layout.FOUR_OVER_PRIORS and examination.priors:
        prior = examination.priors[0]
        names = _standard_names((*current, *prior)) or tuple(_PAIRS)
        slots = (_in_a_row(current, names), _in_a_row(prior, names, "prior"))
    elif layout in (Layout.FOUR_VIEWS, Layout.FOUR_OVER_PRIORS):
        slots = tuple(tuple(_slot(study, side, view) for side in "RL") for view in _PAIRS)
    elif layout is Layout.CC_PAIR:
        slots = (tuple(_slot(study, side, "CC") for side in "RL"),)
    elif layout is Layout.MLO_PAIR:
        slots = (tuple(_slot(study, side, "MLO") for side in "RL"),)
    elif layout is Layout.ONE_VIEW:
        slots = ((_one(focused),),)
    else:
        slots = (_beside_prior(examination, focused),)
    shown = {slot.key for row in slots for slot in row}
    return Hanging(layout, slots, tuple(key for key in examination.keys if key not in shown))


def _standard_names(views: Sequence[View]) -> tuple[str, ...]:
    """Return which of CC and MLO there are, of either breast."""
    return tuple(name for name in _PAIRS if any(view.laterality and view.view == name for view in views))


def _in_a_row(views: Sequence[View], names: Sequence[str], what: str = "") -> tuple[Slot, ...]:
    slots = [_slot(views, side, name) for name in names for side in "RL"]
    return tuple(replace(slot, title=f"{slot.title} {what}".strip()) for slot in slots)


def _beside_prior(examination: Examination, focused: View | None) -> tuple[Slot, ...]:
    if focused is None:
        return _one(None), _one(None)
    now = next((v for v in examination.current if _same_kind(v, focused)), None)
    earlier = [v for study in examination.priors for v in study if _same_kind(v, focused)]
    prior = focused if focused in earlier else earlier[0] if earlier else None
    others = tuple(v.key for v in earlier if v is not prior)
    if focused in examination.current:
        now = focused
    return (
        Slot(f"{focused.label} current", now.key if now else None, shown_flips(now) if now else Flips()),
        Slot(f"{focused.label} prior", prior.key if prior else None, shown_flips(prior) if prior else Flips(), others),
    )


def _same_kind(first: View, second: View) -> bool:
    return (first.laterality, first.view) == (second.laterality, second.view)


def _one(view: View | None) -> Slot:
    return Slot("", None) if view is None else Slot(view.label, view.key, shown_flips(view))


def _slot(views: Sequence[View], side: str, name: str) -> Slot:
    """Return the slot of one standard view; among several the plain one is shown (fewest modifiers, then first)."""
    fitting = sorted((v for v in views if (v.laterality, v.view) == (side, name)), key=lambda v: len(v.modifiers))
    if not fitting:
        return Slot(f"{side} {name}", None)
    chosen = fitting[0]
    return Slot(f"{side} {name}", chosen.key, shown_flips(chosen), tuple(v.key for v in fitting[1:]))


def _directions(view: View) -> tuple[str, str]:
    value = None if view.header is None else view.header.get("PatientOrientation")
    if value is None or isinstance(value, str) or len(value) != 2:
        return "", ""
    return str(value[0]).strip().upper(), str(value[1]).strip().upper()


def _sign(direction: str, wanted: str, opposite: str) -> bool | None:
    """Return whether a direction holds ``wanted`` (True) or its ``opposite`` (False); None when neither."""
    letters = [letter for letter in direction if letter in (wanted, opposite)]
    return None if not letters else letters[0] == wanted
