"""The two convolutions of the shallow CNN with half the multiplications, as machine code made for this processor.

``geometry`` holds the sizes, ``transforms`` the arithmetic; ``words``, ``convolution`` and ``column`` write it down for
LLVM; ``machine`` compiles it; ``features`` runs it over an image in several threads.
"""
