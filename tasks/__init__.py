"""Truecount: tasks."""
