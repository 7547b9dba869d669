"""Truecount: connectors."""
