"""Truecount: store."""
