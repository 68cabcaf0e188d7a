"""The networks of the five papers, trained on the examples of the default bundle and scored on its frozen set."""
