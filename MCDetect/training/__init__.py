"""Training: data, recipes and the trainer."""
