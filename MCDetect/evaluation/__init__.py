"""Evaluation against truth: FROC, ROC and bootstrap intervals."""
