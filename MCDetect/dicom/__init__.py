"""DICOM: mammograms in; SEG, structured reports and presentation states out."""
