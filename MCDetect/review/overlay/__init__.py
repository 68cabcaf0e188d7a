"""The review in MRML: volumes, outlines and marks. Imports ``slicer``: 3D Slicer itself or the wheel slicer-core."""
