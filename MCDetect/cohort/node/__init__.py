"""The DICOM node: takes images, keeps them safe, has them processed, sends results on."""
