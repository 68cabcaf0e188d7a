"""Many examinations: a batch on one machine or a Dask cluster, and a DICOM node that takes what is sent to it."""
