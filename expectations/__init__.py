"""Truecount: expectations."""
