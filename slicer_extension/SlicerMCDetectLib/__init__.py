"""The parts of the Slicer module. Nothing here is imported before the module is opened or DICOM data is looked at."""
