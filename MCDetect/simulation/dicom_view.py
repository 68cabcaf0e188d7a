"""A simulated view as a DICOM object: Digital Mammography X-Ray Image Storage - For Presentation (PS3.3, A.27)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.simulation.presentation import MAXIMUM_GREY
from MCDetect.simulation.view import GENERATOR_VERSION, SimulatedView
from MCDetect.version import __version__

_FOR_PRESENTATION = UID("1.2.840.10008.5.1.4.1.1.1.2")
_OBJECT_VERSION = "2"  # another one where the header changes: an identifier never stands for two objects
_DATE, _TIME = "20260101", "120000"  # of every simulated examination: the same seed writes the same bytes
_VIEW_CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}  # CID 4014
_ORIENTATION = {
    # Toward growing columns, and toward growing rows (PS3.3, C.7.6.1.1.1), as the views are hung.
    ("R", "CC"): ["P", "L"],
    ("L", "CC"): ["A", "R"],
    ("R", "MLO"): ["P", "FL"],
    ("L", "MLO"): ["A", "FR"],
}


@dataclass(frozen=True)
class Examination:
    """What the views of a simulated examination share.

    Attributes
    ----------
    seed
        Of the examination; it numbers the patient.
    variant
        Everything else the pictures depend on, so that different pictures never share an identifier.
    """

    seed: int
    variant: str

    def uid(self, *parts: str) -> UID:
        """Return an identifier for a part of this examination."""
        versions = (GENERATOR_VERSION, _OBJECT_VERSION)
        return UID(stable_uid("simulated examination", *versions, str(self.seed), self.variant, *parts))


def dataset_of_view(simulated: SimulatedView, examination: Examination, number: int) -> Dataset:
    """Return the DICOM object of a view, in Explicit VR Little Endian, uncompressed.

    Each view is a series of its own with a frame of reference of its own: two exposures have no common one, a series
    has a single one (PS3.3, section A.1.2.3), and viewers lay a segmentation on the first image of a series.

    Parameters
    ----------
    number
        Of the series in the study, from 1.
    """
    name = simulated.laterality + simulated.view
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = _FOR_PRESENTATION
    dataset.file_meta.MediaStorageSOPInstanceUID = examination.uid("instance", name)
    dataset.SOPClassUID = _FOR_PRESENTATION
    dataset.SOPInstanceUID = examination.uid("instance", name)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    _add_patient_and_study(dataset, examination)
    _add_series_and_equipment(dataset, examination, name, number)
    _add_image(dataset, number)
    _add_positioning(dataset, simulated)
    _add_exposure(dataset, simulated)
    _add_pixels(dataset, simulated)
    return dataset


def _add_patient_and_study(dataset: Dataset, examination: Examination) -> None:
    dataset.PatientName = f"Simulated^Examination {examination.seed}"
    dataset.PatientID = f"SIMULATED-{examination.seed}"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "F"
    dataset.StudyInstanceUID = examination.uid("study")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = _DATE
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = _TIME
    dataset.StudyID = str(examination.seed)
    dataset.StudyDescription = "Simulated mammography"
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""


def _add_series_and_equipment(dataset: Dataset, examination: Examination, name: str, number: int) -> None:
    dataset.Modality = "MG"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.SeriesInstanceUID = examination.uid("series", name)
    dataset.SeriesNumber = number
    dataset.SeriesDescription = f"{name[0]} {name[1:]} simulated"
    dataset.FrameOfReferenceUID = examination.uid("frame of reference", name)
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = "MCDetect"
    dataset.ManufacturerModelName = "MCDetect simulator"
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = [__version__, f"generator {GENERATOR_VERSION}"]


def _add_image(dataset: Dataset, number: int) -> None:
    dataset.InstanceNumber = 1
    dataset.AcquisitionNumber = number
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.ImageComments = "Simulated: not a picture of a patient."
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.AcquisitionContextSequence = Sequence()
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.WindowCenter = (MAXIMUM_GREY + 1) / 2
    dataset.WindowWidth = MAXIMUM_GREY + 1
    dataset.WindowCenterWidthExplanation = "Full range"
    dataset.RescaleIntercept = 0
    dataset.RescaleSlope = 1
    dataset.RescaleType = "US"
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = 1


def _add_positioning(dataset: Dataset, simulated: SimulatedView) -> None:
    dataset.ImageLaterality = simulated.laterality
    dataset.PatientOrientation = _ORIENTATION[simulated.laterality, simulated.view]
    dataset.BodyPartExamined = "BREAST"
    dataset.OrganExposed = "BREAST"
    dataset.AnatomicRegionSequence = Sequence([_code("76752008", "Breast")])
    view = _code(*_VIEW_CODES[simulated.view])
    view.ViewModifierCodeSequence = Sequence()
    dataset.ViewCodeSequence = Sequence([view])
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "NO"
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.PositionerPrimaryAngle = 0 if simulated.view == "CC" else (45 if simulated.laterality == "R" else -45)
    dataset.DistanceSourceToDetector = 660
    dataset.DistanceSourceToPatient = 660
    dataset.EstimatedRadiographicMagnificationFactor = 1
    dataset.BodyPartThickness = round(simulated.compressed_mm, 1)
    dataset.CompressionForce = 100


def _add_exposure(dataset: Dataset, simulated: SimulatedView) -> None:
    rows, columns = simulated.pixels.shape
    dataset.KVP = 29
    dataset.AnodeTargetMaterial = "TUNGSTEN"
    dataset.FilterMaterial = "RHODIUM"
    dataset.ExposureControlMode = "AUTOMATIC"
    dataset.ExposureControlModeDescription = "Simulated"
    dataset.DetectorType = "DIRECT"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorID = "Simulated"
    dataset.DetectorTemperature = 25
    dataset.DetectorConditionsNominalFlag = "YES"
    dataset.DetectorBinning = [1, 1]
    dataset.FieldOfViewShape = "RECTANGLE"
    dataset.FieldOfViewDimensions = [round(rows * simulated.spacing_mm), round(columns * simulated.spacing_mm)]
    dataset.FieldOfViewOrigin = [0, 0]
    dataset.FieldOfViewRotation = "0"
    dataset.FieldOfViewHorizontalFlip = "NO"
    dataset.ImagerPixelSpacing = [simulated.spacing_mm, simulated.spacing_mm]
    dataset.DetectorElementPhysicalSize = [simulated.spacing_mm, simulated.spacing_mm]
    dataset.DetectorElementSpacing = [simulated.spacing_mm, simulated.spacing_mm]


def _add_pixels(dataset: Dataset, simulated: SimulatedView) -> None:
    dataset.Rows, dataset.Columns = simulated.pixels.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 16
    dataset.BitsStored = 12
    dataset.HighBit = 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = simulated.pixels.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "SCT"
    item.CodeMeaning = meaning
    return item
