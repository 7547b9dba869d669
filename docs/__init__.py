"""Docs, and what generates some of them."""
