"""Truecount: sandbox."""
