"""Fuzzing of everything that reads DICOM, with atheris (optional: ``pip install atheris``).

``python Testing/fuzz/fuzz_reading.py Testing/fuzz/corpus -max_total_time=600 -rss_limit_mb=2048 -timeout=10``

The corpus holds a mammogram and results of a few pixels; ``--write-corpus`` makes it anew. Inputs that once made
trouble are added to it, and ``Testing/library/dicom/test_fuzz_corpus.py`` reads all of them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]


def write_corpus(folder: Path) -> None:
    """Write the objects from which fuzzing starts."""
    from support.small_examination import small_objects

    for name, dataset in small_objects().items():
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)


def main() -> None:
    """Fuzz until a limit given on the command line, or an input that does something other than read or refuse."""
    import atheris

    with atheris.instrument_imports(include=["MCDetect", "pydicom"]):
        from support.reading_of_anything import outcome

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.dcm"

        def read(data: bytes) -> None:
            path.write_bytes(data)
            outcome(path)

        atheris.Setup(sys.argv, read)
        atheris.Fuzz()


if __name__ == "__main__":
    if "--write-corpus" in sys.argv:
        write_corpus(HERE / "corpus")
    else:
        main()
