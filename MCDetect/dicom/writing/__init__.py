"""One module for each kind of DICOM object that MCDetect writes; ``MCDetect.dicom.export`` is the way in.

``codes`` the concepts, ``macros`` references and evidence, ``geometry`` findings to pixels and DICOM coordinates,
``frames`` pixels to the bits of a segmentation, ``patient`` and ``common`` what all objects share, ``context`` that
findings were reviewed, with ``review_items`` and ``reader_texts``, ``content_items`` and ``content_tree`` content of
structured reports; then ``segmentation`` (SEG), ``presentation_state`` (GSPS), ``cad_report`` with ``cad_findings`` and
``cad_image_library`` (Mammography CAD SR), ``measurement_report`` (TID 1500 SR); and ``checks``, ``report_checks`` and
``review_checks``, which read back what was written.
"""
