"""Simulated mammograms with known truth."""
