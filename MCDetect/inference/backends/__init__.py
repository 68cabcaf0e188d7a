"""What the networks run on: PyTorch, ONNX Runtime or OpenVINO behind one small interface (see ``interface``)."""
