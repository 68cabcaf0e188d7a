"""DICOM results back into findings; ``MCDetect.dicom.results.reading`` is the way in.

``pieces`` what one object tells, ``segmentation``, ``cad_report`` and ``measurement_report`` one kind of object each,
``report_content`` walking through reports of any maker, ``shapes`` pixels and outlines, ``assembly`` the pieces of
several objects put together.
"""
