"""The version of MCDetect, in one place."""

__version__ = "0.1.0"
