"""What each part of the recipe is worth: equal short trainings without it (``docs/ablations.md``)."""
