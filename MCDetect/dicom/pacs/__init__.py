"""Talking to a PACS: sending, querying and fetching by DIMSE services and by DICOMweb. Needs the extra ``pacs``."""
