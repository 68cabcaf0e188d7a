"""What decides the results of a node, from one start to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from MCDetect.cohort.manifest import Manifest


def take_settings(manifest: Manifest, facts: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Write down what decides the results from now on.

    Other than a batch, a node does not refuse to begin with another version, bundle or list of formats: images that
    were acknowledged would be left without an analysis, and results without delivery. What is there stays as it is;
    the outcome of each examination names the algorithm that made it.

    Parameters
    ----------
    manifest
        Of the node.
    facts
        What decides the results now, as of ``MCDetect.cohort.records.Processing.facts``.
    tell
        Called with a sentence if the last start was told otherwise.
    """
    known = {row["name"]: row["value"] for row in manifest.rows("SELECT name, value FROM facts")}
    changes = [
        f"{name} {known[name]} before, {value} now" for name, value in facts.items() if known.get(name, value) != value
    ]
    with manifest.transaction() as database:
        database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())
    if changes:
        tell(
            f"Other settings than at the last start ({'; '.join(changes)}): what waits is processed with the present "
            "ones; results that are there stay, and are delivered as they are."
        )
