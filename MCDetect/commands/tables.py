"""Tables and lines for people.

Text from headers, file names and bundles is always a :class:`rich.text.Text`: rich would take ``[copy]`` or ``:cat:``
in a plain string for markup and change it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from MCDetect.files import readable_name
from MCDetect.findings import Decision, Findings, ImageFindings
from MCDetect.score_text import MEANING, cluster_score_text, threshold_text


def view_name(image: ImageFindings) -> str:
    """Return side and view, e.g. ``"R MLO"``, as far as they are known."""
    return " ".join(part for part in (image.laterality, image.view) if part) or "not known"


def findings_table(findings: Findings) -> Table:
    """Return the clusters of each view, and how many calcifications lie outside of them."""
    algorithm = findings.algorithm
    table = Table(
        title=Text(
            f"Clusters of calcifications, operating point {algorithm.operating_point} "
            f"({threshold_text(algorithm.threshold)})"
        ),
        box=box.SIMPLE_HEAD,
        caption=Text(MEANING) if any(image.clusters for image in findings.images) else None,
        caption_justify="left",
        title_justify="left",
        collapse_padding=True,
        pad_edge=False,
    )
    # On a narrow terminal the type is broken into lines and nothing else.
    for name, side in (
        ("View", "left"),
        ("Cluster", "right"),
        ("Marks", "right"),
        ("Diameter", "right"),
        ("Distribution", "left"),
    ):
        table.add_column(name, justify=side, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("Type", overflow="fold")
    table.add_column("Score", justify="right", no_wrap=True)
    seen: Counter[str] = Counter()
    for image in findings.images:
        name = view_name(image)
        seen[name] += 1
        if seen[name] > 1:  # the same view of another examination: numbered like its picture
            name = f"{name} {seen[name]}"
        for cluster in image.clusters:
            table.add_row(
                Text(name),
                f"{cluster.id} rejected" if cluster.decision is Decision.REJECTED else str(cluster.id),
                cluster.count_text,
                f"{cluster.diameter_mm:.1f} mm",
                cluster.distribution.value,
                Text(cluster.type_text),
                cluster_score_text(cluster),
            )
            name = ""
        alone = image.isolated_calcifications
        benign = Counter(c.benign_type for c in alone if c.benign_type is not None)
        isolated = len(alone) - benign.total()
        if isolated or not (image.clusters or benign):
            table.add_row(Text(name), "isolated" if isolated else "none", str(isolated), "", "", "", "")
            name = ""
        for kind, count in benign.most_common():
            table.add_row(Text(name), "isolated", str(count), "", "", f"{kind.value} (benign)", "")
            name = ""
        table.add_section()
    return table


def key_value_table(rows: Sequence[tuple[str, str]]) -> Table:
    """Return a table of names and values; the names are short."""
    table = Table(box=box.SIMPLE, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(readable_name(value)))
    return table


def print_line(console: Console, line: str, style: str = "") -> None:
    """Print a line as it stands, never broken."""
    console.print(Text(readable_name(line), style), soft_wrap=True)


def print_files(console: Console, output: Path, files: Sequence[Path]) -> None:
    """Print the files that were written, one a line, never broken, so that they can be copied."""
    if files:
        print_line(console, f"Written to {output}:")
    for path in files:
        print_line(console, f"  {path}")
