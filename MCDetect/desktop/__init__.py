"""The desktop window: the review panel beside slice views, for computers without 3D Slicer (extra ``desktop``)."""
