"""The review: what a reader does with findings, for any viewer; and the overlay that shows them."""
