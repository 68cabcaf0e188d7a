"""The sub-commands of ``mcdetect``, one a file: each adds its options to a parser and runs."""
