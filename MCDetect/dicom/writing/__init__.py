"""One module for each kind of DICOM object that MCDetect writes; ``MCDetect.dicom.export`` is the way in.

``codes`` the concepts, ``geometry`` findings to pixels and DICOM coordinates, ``common`` what all objects share,
``content_items`` structured report content; then ``segmentation`` (SEG), ``presentation_state`` (GSPS), ``cad_report``
(Mammography CAD SR), ``measurement_report`` (TID 1500 SR), and ``checks``, which reads back what was written.
"""
