"""Reading a mammogram: a file or a data set in, a :class:`Mammogram` or one clear sentence out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset

from MCDetect.dicom.acceptance import require_mammogram, require_suitable_view, warnings_of_view
from MCDetect.dicom.failures import reporting
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.dicom.opening import complete_transfer_syntax, open_dataset, readable_header
from MCDetect.dicom.orientation import Orientation, decide_orientation
from MCDetect.dicom.pictures import read_picture
from MCDetect.dicom.pixels import read_pixels, require_what_decides_pixels
from MCDetect.dicom.recognition import is_picture, read_beginning
from MCDetect.dicom.spacing import decide_spacing
from MCDetect.dicom.synthesised import as_mammogram
from MCDetect.errors import InputError


def read_mammogram(source: str | Path | Dataset, spacing_mm: float | None = None) -> Mammogram:
    """Read a mammogram.

    Parameters
    ----------
    source
        A DICOM file (MG For Presentation, or a secondary capture of a mammogram) in any transfer syntax that pydicom
        decodes, a PNG or TIFF picture, or a DICOM data set in memory, which is not changed.
    spacing_mm
        Pixel spacing in millimetres at the breast; overrides the header. Needed for pictures and for most secondary
        captures.

    Returns
    -------
    Mammogram
        See :class:`MCDetect.dicom.mammogram.Mammogram`.

    Raises
    ------
    InputError
        With one of the codes ``no-such-file``, ``is-a-folder``, ``no-permission``, ``cannot-read``, ``not-dicom``,
        ``truncated``, ``no-pixel-data``, ``not-a-mammogram``, ``tomosynthesis``, ``for-processing``, ``multi-frame``,
        ``unsuitable-view``, ``no-spacing``, ``implausible-spacing``, ``colour-image``, ``cannot-decode`` and
        ``empty-image``.
    UsageError
        ``wrong-spacing`` when ``spacing_mm`` is no possible spacing.
    """
    if isinstance(source, Dataset):
        return _read_dataset(_with_transfer_syntax(source), _name_of(source), spacing_mm)
    path = Path(source)
    if is_picture(read_beginning(path)):
        return read_picture(path, spacing_mm)
    return _read_dataset(open_dataset(path), str(source), spacing_mm)


@dataclass(frozen=True)
class UnderstoodHeader:
    """What a header says of an image that is accepted, before its pixels are looked at."""

    header: Dataset
    orientation: Orientation
    spacing: Spacing
    warnings: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return int(self.header.Rows), int(self.header.Columns)

    def mammogram(self, pixels: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_], source: str) -> Mammogram:
        """Return the mammogram with its decoded pixels (see :class:`MCDetect.dicom.mammogram.Mammogram`)."""
        return Mammogram(
            pixels=pixels,
            valid=valid,
            spacing=self.spacing,
            laterality=self.orientation.laterality,
            view=self.orientation.view,
            source=source,
            header=self.header,
            warnings=self.warnings,
        )


def read_header(path: Path, spacing_mm: float | None = None) -> UnderstoodHeader | None:
    """Read what the header of a mammogram says, without its pixels; None for a picture, which has no header.

    Raises
    ------
    InputError, UsageError
        As :func:`read_mammogram`, but for what only the pixels tell.
    """
    if is_picture(read_beginning(path)):
        return None
    understood = _understand(open_dataset(path, pixels=False), str(path), spacing_mm)
    with reporting(
        "cannot-decode", f"{path} does not say how its pixels are stored.", "Copy or export the file again."
    ):
        _ = understood.shape
    return understood


def _read_dataset(dataset: Dataset, source: str, spacing_mm: float | None) -> Mammogram:
    understood = _understand(dataset, source, spacing_mm)
    pixels, valid = read_pixels(dataset, understood.header, source)
    return understood.mammogram(pixels, valid, source)


def _understand(dataset: Dataset, source: str, spacing_mm: float | None) -> UnderstoodHeader:
    header, left_out = readable_header(dataset)
    damaged = f"The DICOM header of {source} is damaged."
    with reporting("cannot-read", damaged, "Copy or export the file again."):
        # Refusals come in the order in which they help: what it is, then which view, then whether it can be measured,
        # and only then is time spent on decoding.
        header = as_mammogram(header)
        require_mammogram(header, source)
        _require_description_of_pixels(dataset, source)
        orientation = decide_orientation(header)
        require_suitable_view(header, orientation, source)
        spacing, spacing_warnings = decide_spacing(header, source, spacing_mm)
        view_warnings = warnings_of_view(header, orientation, spacing)
        require_what_decides_pixels(dataset, header, source)
    warnings = [*view_warnings, *orientation.warnings, *spacing_warnings]
    if left_out:
        warnings.append(f"Left out of the header because it cannot be read: {', '.join(left_out)}.")
    return UnderstoodHeader(header, orientation, spacing, tuple(warnings))


def _require_description_of_pixels(dataset: Dataset, source: str) -> None:
    """Refuse what ends inside its header, between two elements: nothing is to be said about what it lacks there."""
    if "PixelData" not in dataset and "PixelRepresentation" not in dataset:
        raise InputError(
            "truncated",
            f"{source} is cut short: its DICOM header ends before the description of its pixels.",
            "Copy or export the file again.",
        )


def _with_transfer_syntax(dataset: Dataset) -> Dataset:
    """Return the data set, or a shallow copy with a transfer syntax if it lacks one (made in memory)."""
    file_meta = getattr(dataset, "file_meta", None)
    if file_meta is not None and file_meta.get("TransferSyntaxUID"):
        return dataset
    completed = dataset.copy()
    completed.file_meta = FileMetaDataset()
    completed.file_meta.update(file_meta or {})
    complete_transfer_syntax(completed)
    return completed


def _name_of(dataset: Dataset) -> str:
    return str(getattr(dataset, "filename", None) or "The data set")
