"""Truecount: contract."""
