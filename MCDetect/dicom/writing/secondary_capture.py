"""Secondary Capture of the overlay, for systems that show neither segmentations nor reports nor presentation states.

It is a picture in colour with text burned in; the findings in it cannot be read back.
"""

from __future__ import annotations

import highdicom
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import RLELossless

from MCDetect.dicom.identifiers import MANUFACTURER
from MCDetect.dicom.writing.checks import check_common, check_image_references, fail
from MCDetect.dicom.writing.common import (
    SECONDARY_CAPTURE,
    complete,
    instance_uid,
    series_uid,
    stand_in,
)
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.dicom.writing.macros import reference
from MCDetect.dicom.writing.tracking import view_label
from MCDetect.findings import Algorithm, ImageFindings


def secondary_capture(
    image: ImageFindings,
    picture: npt.NDArray[np.uint8],
    source: Dataset,
    algorithm: Algorithm,
    context: ReportContext = RAW,
) -> Dataset:
    """Return a Secondary Capture of ``picture``, uint8 (rows, columns, 3), which shows ``image``."""
    header = stand_in(source)
    dataset: Dataset = highdicom.sc.SCImage(
        pixel_array=picture,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=str(source.StudyInstanceUID),
        series_instance_uid=series_uid(SECONDARY_CAPTURE, algorithm, image.sop_instance_uid, context),
        series_number=SECONDARY_CAPTURE.series_number,
        sop_instance_uid=instance_uid(SECONDARY_CAPTURE, algorithm, [image], [image.sop_instance_uid], context),
        instance_number=1,
        manufacturer=MANUFACTURER,
        patient_orientation=("L", "F"),  # required by highdicom; replaced below
        transfer_syntax_uid=RLELossless,
    )
    orientation = source.get("PatientOrientation")
    is_known = isinstance(orientation, MultiValue) and len(orientation) == 2
    dataset.PatientOrientation = [str(direction) for direction in orientation] if is_known else None
    dataset.ImageType = ["DERIVED", "SECONDARY", "", "FINDINGS"]
    dataset.Modality = "MG"  # so that it hangs with the mammograms
    dataset.ConversionType = "WSD"
    dataset.BurnedInAnnotation = "YES"
    dataset.Laterality = image.laterality or None
    dataset.DerivationDescription = "Overlay of findings; not for measurement and not for diagnosis"
    dataset.SourceImageSequence = [reference(header)]
    complete(dataset, SECONDARY_CAPTURE, source, algorithm, view_label(image), context=context)
    dataset.file_meta.TransferSyntaxUID = RLELossless
    return dataset


def check_secondary_capture(
    written: Dataset, image: ImageFindings, picture: npt.NDArray[np.uint8], source: Dataset
) -> None:
    """Check whose it is and that its pixels are those of the picture.

    Raises
    ------
    OutputError
        ``invalid-object``.
    """
    check_common(written, source)
    check_image_references(written, {image.sop_instance_uid: source})
    if not np.array_equal(written.pixel_array, picture):
        fail("the picture is not that of the findings")
