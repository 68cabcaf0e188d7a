"""One page with pictures (PDF, A4): all views with their findings, and each finding magnified.

It is for people: what machines read are the DICOM objects. The views hang as on the screen. Nothing of the patient
stands on it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from MCDetect.dicom.display import presentation_image
from MCDetect.errors import UsageError
from MCDetect.files import write_atomically
from MCDetect.findings import Cluster, Decision, Findings, ImageFindings
from MCDetect.pictures.marks import Placement, draw_cluster, draw_findings
from MCDetect.review.examination import Examination, View
from MCDetect.review.hanging import Flips, Layout, hang, shown_flips
from MCDetect.review.picture_parts import (
    CAPTION,
    GAP,
    PIXELS_PER_POINT,
    Box,
    Place,
    cut_to_width,
    flipped,
    kind_of,
    magnified,
    on_page,
    place_of_number,
    side_of_pictures,
    without_isolated,
)
from MCDetect.score_text import MEANING, cluster_score_text, threshold_text

_WIDTH, _HEIGHT = 595.28, 841.89  # A4 in points
_MARGIN = 36.0
_HEAD = 66.0
_VIEWS_HEIGHT = 330.0
_MOST_FINDINGS = 12
_LEAST_EXTENT_MM = 12.0
_MARGIN_MM = 2.5


@dataclass(frozen=True)
class _Finding:
    view: View
    image: ImageFindings
    cluster: Cluster


def write_picture_report(path: Path, findings: Findings, examination: Examination) -> Path:
    """Write the page; reads pixels that are not in memory, so call it in a thread.

    Parameters
    ----------
    path
        The file; ``.pdf`` is added where it has no ending.
    findings
        From ``ReviewSession.findings`` or ``reviewed_findings``.
    examination
        The views they are about.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    UsageError
        ``no-reportlab`` where the library that writes PDF is not installed.
    OutputError
        ``cannot-write``.
    """
    try:
        from reportlab.pdfgen.canvas import Canvas
    except ImportError as error:
        raise UsageError(
            "no-reportlab", "The picture report needs the package reportlab.", "Install it with: pip install reportlab"
        ) from error
    path = path if path.suffix else path.with_suffix(".pdf")

    def write(temporary: Path) -> None:
        page = Canvas(str(temporary), pagesize=(_WIDTH, _HEIGHT), pageCompression=1)
        page.setTitle("MCDetect picture report (research use)")
        page.setAuthor("MCDetect")
        _Page(page, findings, examination).draw()
        page.save()

    write_atomically(path, write)
    return path


class _Page:
    def __init__(self, page: Any, findings: Findings, examination: Examination) -> None:
        self._page, self._findings, self._examination = page, findings, examination
        self._pictures: dict[str, npt.NDArray[np.uint8]] = {}

    def draw(self) -> None:
        self._draw_head()
        self._draw_views()
        listed = [
            _Finding(self._examination.view(image.sop_instance_uid), image, cluster)
            for image in self._findings.images
            for cluster in image.clusters
        ]
        current = {view.key for view in self._examination.current}
        listed.sort(
            key=lambda f: (f.view.key not in current, f.cluster.decision is Decision.REJECTED, -f.cluster.score)
        )
        self._draw_findings(listed)

    def _picture(self, view: View) -> npt.NDArray[np.uint8]:
        if view.key not in self._pictures:
            self._pictures[view.key] = presentation_image(view.mammogram())
        return self._pictures[view.key]

    def _text(self, x: float, y: float, text: str, size: float = 8.5, *, bold: bool = False) -> None:
        self._page.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        # The fonts that every PDF reader has know Latin letters only.
        self._page.drawString(x, y, text.encode("cp1252", "replace").decode("cp1252"))

    def _draw_head(self) -> None:
        algorithm, review = self._findings.algorithm, self._findings.review
        y = _HEIGHT - _MARGIN
        self._text(_MARGIN, y - 12, "MCDetect: calcifications in a mammogram", 14, bold=True)
        self._text(_MARGIN, y - 26, "For research use only. Not a medical device; not for diagnosis.", bold=True)
        model = f"MCDetect {algorithm.version}, model {algorithm.bundle} ({algorithm.bundle_sha256[:8]})"
        self._text(_MARGIN, y - 39, f"{model}, findings with a score from {threshold_text(algorithm.threshold)}")
        if review is None:
            said = "Not reviewed by a reader: this is what the algorithm found."
        else:
            name = " ".join(reversed([part for part in review.reader.split("^")[:2] if part]))
            said = f"Reviewed by {name}, {review.reviewed_at[:16].replace('T', ' ')}"
        self._text(_MARGIN, y - 51, said)
        self._text(_MARGIN, y - 62, MEANING, 7)

    def _draw_views(self) -> None:
        hanging = hang(self._examination, Layout.FOUR_VIEWS)
        shown = [[slot for slot in row if slot.key is not None] for row in hanging.slots]
        rows = [[(self._examination.view(s.key), s.flips) for s in row if s.key is not None] for row in shown if row]
        if not rows:
            views = self._examination.views[:4]
            rows = [[(view, shown_flips(view)) for view in views]]
        height = (_VIEWS_HEIGHT - GAP * (len(rows) - 1)) / len(rows)
        top = _HEIGHT - _MARGIN - _HEAD
        for row in rows:
            # Chest walls meet in the middle of the page.
            widths = [height * view.shape[1] * view.spacing.column_mm / (view.shape[0] * view.spacing.row_mm)
                      for view, _ in row]  # fmt: skip
            scale = min(1.0, (_WIDTH - 2 * _MARGIN - GAP) / max(1.0, sum(widths)))
            x = (_WIDTH - sum(widths) * scale) / 2
            for (view, flips), width in zip(row, widths, strict=True):
                self._draw_view(view, flips, (x, top - height * scale, width * scale, height * scale))
                x += width * scale
            top -= height + GAP

    def _draw_view(self, view: View, flips: Flips, box: Box) -> None:
        x, y, width, height = box
        picture = Image.fromarray(self._picture(view)).convert("RGB")
        magnification = height * PIXELS_PER_POINT / view.shape[0]
        size = max(1, round(view.shape[1] * magnification)), max(1, round(view.shape[0] * magnification))
        small = picture.resize(size, Image.Resampling.LANCZOS)
        image = next((i for i in self._findings.images if i.sop_instance_uid == view.key), None)
        placement = Placement(0, 0, magnification)
        clusters = () if image is None else image.clusters
        for cluster in clusters:
            draw_cluster(small, cluster, placement, 2.0)
        self._place(flipped(small, flips), box)
        taken: list[Place] = []
        for cluster in sorted(clusters, key=lambda one: -one.score):
            corners = [on_page(placement.point(*place), size, flips, box) for place in cluster.outline]
            self._draw_number(str(cluster.id), corners, box, taken)
        label = view.label if image is not None else f"{view.label} (not searched)"
        self._page.setFillGray(1.0)
        self._text(x + 4 if flips.chest_wall != "left" else x + width - 60, y + 4, label, 8, bold=True)
        self._page.setFillGray(0.0)

    def _draw_number(self, number: str, corners: list[Place], box: Box, taken: list[Place]) -> None:
        """Write the number of a finding beside its outline."""
        x, y, width, height = place_of_number(number, corners, box, taken)
        taken.append((x, y))
        self._page.setFillGray(0.0)
        self._page.rect(x, y, width, height, stroke=0, fill=1)
        self._page.setFillGray(1.0)
        self._text(x + 1.5, y + 1.8, number, 7, bold=True)
        self._page.setFillGray(0.0)

    def _draw_findings(self, listed: list[_Finding]) -> None:
        top = _HEIGHT - _MARGIN - _HEAD - _VIEWS_HEIGHT - 16
        if not listed:
            searched = len(self._findings.images)
            self._text(_MARGIN, top, f"No finding in {searched} views. This is not a normal mammogram.", 10, bold=True)
            return
        shown = listed[:_MOST_FINDINGS]
        more = len(listed) - len(shown)
        title = f"{len(listed)} findings, without and with marks"
        self._text(_MARGIN, top, title + (f"; {more} more are in the DICOM reports" if more else ""), 10, bold=True)
        room_w, room_h = _WIDTH - 2 * _MARGIN, top - 10 - _MARGIN
        columns = min(range(1, 4), key=lambda n: -side_of_pictures(len(shown), n, room_w, room_h))
        side = side_of_pictures(len(shown), columns, room_w, room_h)
        for index, finding in enumerate(shown):
            row, column = divmod(index, columns)
            x = _MARGIN + column * (room_w + GAP) / columns
            y = top - 10 - row * (side + CAPTION + GAP) - side
            self._draw_finding(finding, x, y, side, (room_w - GAP) / columns - GAP)

    def _draw_finding(self, finding: _Finding, x: float, y: float, side: float, width: float) -> None:
        view, cluster = finding.view, finding.cluster
        rows, columns = zip(*cluster.outline, strict=True)
        spacing = view.spacing.millimetres
        widest = max((max(rows) - min(rows)) * spacing[0], (max(columns) - min(columns)) * spacing[1])
        extent_mm = max(_LEAST_EXTENT_MM, widest + 2 * _MARGIN_MM)
        middle = (min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2
        plain, magnification, first = magnified(self._picture(view), middle, extent_mm, min(spacing), side)
        marked = plain.copy()
        draw_findings(marked, without_isolated(finding.image), Placement(*first, magnification), 2.5)
        flips = shown_flips(view)
        self._place(flipped(plain, flips), (x, y, side, side))
        self._place(flipped(marked, flips), (x + side + 2, y, side, side))
        self._draw_scale(x + 5, y + 5, side / extent_mm)
        said = {Decision.UNDECIDED: "", Decision.ACCEPTED: ", accepted", Decision.REJECTED: ", REJECTED"}
        score = cluster_score_text(cluster, "")
        score = f"score {score}" if score else "drawn by the reader"
        label = self._examination.label_of(view)
        self._text(x, y - 9, f"{label}, number {cluster.id}, {score}{said[cluster.decision]}", 7.5, bold=True)
        described = [kind_of(cluster)] if cluster.type_text else []
        described += [f"{cluster.count_text} calcifications, {cluster.diameter_mm:.1f} mm", cluster.distribution.value]
        described += [f"BI-RADS {cluster.assessment.value}"] if cluster.assessment else []
        described += [cluster.reason] if cluster.reason else []
        self._text(x, y - 18, cut_to_width(", ".join(described), width), 7)

    def _draw_scale(self, x: float, y: float, points_per_mm: float) -> None:
        length = 5 * points_per_mm
        self._page.setStrokeGray(1.0)
        self._page.setLineWidth(1.2)
        self._page.line(x, y, x + length, y)
        self._page.setFillGray(1.0)
        self._text(x, y + 3, "5 mm", 6.5, bold=True)
        self._page.setFillGray(0.0)

    def _place(self, picture: Image.Image, box: Box) -> None:
        from reportlab.lib.utils import ImageReader

        stream = io.BytesIO()
        picture.save(stream, format="JPEG", quality=90)
        stream.seek(0)
        self._page.drawImage(ImageReader(stream), *box)
