"""How well a bundle finds calcifications: frozen test sets, baselines, figures and the document of them."""
