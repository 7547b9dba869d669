"""Truecount: domain."""
