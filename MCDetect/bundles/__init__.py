"""Trained models as MONAI bundles, and how they are found, verified and loaded."""
