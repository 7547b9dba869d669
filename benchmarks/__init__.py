"""Measures, printed as ratios against a reference in the same run. `make bench` runs them all; each runs by itself too."""
