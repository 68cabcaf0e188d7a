"""The small model of calcification types and cluster morphologies: simulated examples, fitting, measuring."""
