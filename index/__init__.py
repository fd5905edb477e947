"""Passages in, ranked passages out; knows nothing of answers or screens."""
