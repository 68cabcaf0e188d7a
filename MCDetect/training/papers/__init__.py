"""The recipes of five papers: one YAML file and one module each, all on the same trainer.

The module of a paper says what the paper gives, leaves open or contradicts, and what was decided.
"""

from __future__ import annotations

PAPERS = ("rehman2021", "leong2022", "singh2022", "lunalozoya2023", "shirikahnouei2022")
"""Names of the recipes, as on the command line."""
