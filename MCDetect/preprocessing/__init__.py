"""Preprocessing: plain functions on arrays, and the same as MONAI transforms (see ``transforms``)."""
