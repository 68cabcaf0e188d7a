"""One module for each kind of DICOM object that MCDetect writes; ``MCDetect.dicom.export`` is the way in.

``codes`` the concepts, ``macros`` references and evidence, ``geometry`` findings to pixels and DICOM coordinates,
``common`` what all objects share, ``content_items`` content of structured reports; then ``segmentation`` (SEG),
``presentation_state`` (GSPS), ``cad_report`` with ``cad_image_library`` (Mammography CAD SR), ``measurement_report``
(TID 1500 SR); and ``checks`` and ``report_checks``, which read back what was written.
"""
