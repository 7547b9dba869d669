"""Truecount: flows."""
