"""Architectures, one file per family: nothing but architectures."""
