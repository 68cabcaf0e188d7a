"""The two convolutions of the shallow CNN with half the multiplications, as machine code made for this processor.

The detector does not use it: its patch network looks at few places of a view. It serves programs that want that network
at every eighth pixel of a whole view (:func:`MCDetect.inference.dense_patches.fastest_features`; docs/performance.md).

``geometry`` holds the sizes, ``transforms`` the arithmetic; ``words``, ``convolution`` and ``column`` write it down for
LLVM; ``machine`` compiles it; ``features`` runs it over an image in several threads.
"""
