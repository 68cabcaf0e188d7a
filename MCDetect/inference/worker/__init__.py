"""The warm worker: a child process that keeps the detector loaded, so that a viewer never loads PyTorch itself.

``python -m MCDetect.inference.worker`` reads one JSON object a line on the standard input and writes one a line on the
standard output. :mod:`messages` says which; :mod:`client` is the other end of the pipes.
"""
