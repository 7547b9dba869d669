"""A check's result: a value, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warn", "quarantine", "halt"]


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Args:
        name: a stable name.
        description: the law in words.
        severity: what a failure does: warn, quarantine the rows, or halt the stream.
        is_passed: whether every row passed.
        failing_count: rows that failed.
        sample_keys: the first of their keys.
        notes: what a reader needs to know.
    """

    name: str
    description: str
    severity: Severity
    is_passed: bool
    failing_count: int = 0
    sample_keys: tuple[str, ...] = ()
    notes: str = ""
