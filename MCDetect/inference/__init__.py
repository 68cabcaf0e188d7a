"""Inference: from a mammogram to findings."""
