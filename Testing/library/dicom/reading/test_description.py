from __future__ import annotations

import numpy as np
from PIL import Image
from pydicom.uid import JPEG2000Lossless

from MCDetect.dicom.description import describe
from MCDetect.dicom.reading import read_mammogram


def test_what_was_understood_is_described(make_dataset, make_file):
    dataset = make_dataset(modifiers=("399055006",), EstimatedRadiographicMagnificationFactor=1.05)
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    path = make_file(dataset=dataset)
    mammogram = read_mammogram(path)
    lines = describe(mammogram)
    described = dict(lines)
    assert described["File"] == str(path)
    assert described["SOP class"] == "Digital Mammography X-Ray Image Storage - For Presentation"
    assert described["Transfer syntax"] == "JPEG 2000 Image Compression (Lossless Only)"
    assert described["Photometric interpretation"] == "MONOCHROME2"
    assert described["Bits"] == "12 stored of 16, unsigned"
    assert described["Size"] == "80 x 96 pixels, 5.3 x 6.4 mm (width x height)"
    assert described["Pixel spacing"] == "0.0667 mm, magnification corrected"
    assert described["Grey values"] == "0 to 4095, bright is attenuating"
    assert described["Laterality"] == "right"
    assert described["View"] == "CC"
    assert described["View modifiers"] == "spot compression"
    assert described["Equipment"] == "Example Model 1"
    assert tuple(text for label, text in lines if label == "Warning") == mammogram.warnings


def test_nothing_of_the_patient_is_described(make_dataset):
    dataset = make_dataset(OtherPatientIDs="SECRET-2", PatientAge="055Y", StudyDate="20260102")
    text = str(describe(read_mammogram(dataset)))
    for private in ("Secret", "SECRET", "19510203", "055Y", "20260102"):
        assert private not in text


def test_padding_and_unequal_spacing_are_described(make_dataset, stored_values):
    stored = stored_values()
    stored[:, 40:], stored[0, :40] = 4095, 0
    stored[:, :40] = np.minimum(stored[:, :40], 4094)
    dataset = make_dataset(pixels=stored, PixelPaddingValue=4095, ImagerPixelSpacing=[0.05, 0.1], Manufacturer=None)
    described = dict(describe(read_mammogram(dataset)))
    assert described["Padding"] == "50.0 % of the pixels"
    assert described["Pixel spacing"] == "0.0500 mm (rows) x 0.1000 mm (columns), at detector"
    assert described["Equipment"] == "Model 1"


def test_a_picture_is_described(tmp_path, stored_values):
    Image.fromarray(stored_values(8)).save(tmp_path / "picture.png")
    described = dict(describe(read_mammogram(tmp_path / "picture.png", 0.1)))
    assert described["Size"] == "80 x 96 pixels, 8.0 x 9.6 mm (width x height)"
    assert described["Pixel spacing"] == "0.1000 mm, given by user"
    assert described["View"] == described["Laterality"] == "unknown"
