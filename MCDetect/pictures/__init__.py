"""Findings as pictures for people: outlines, marks, labels, scale bars and magnified details."""
