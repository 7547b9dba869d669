"""Errors, sorted by what to do next.

    TruecountError
    ├── RetriableError   throttled, 5xx, time-out: wait, then the same request with the same key
    ├── RejectedError    the vendor said no to this row: set it aside, go on
    ├── FatalError       credentials, wrong account, schema gone: stop
    └── ContractError    our own file is wrong: stop before any call, all problems at once

A message says system, object, field, value and what to do. Expected outcomes (out of stock, an unmapped SKU) are rows
with a reason code, never exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass


class TruecountError(Exception):
    """The base of every error that a user may see without a traceback."""

    exit_code = 4


class RetriableError(TruecountError):
    """Wait, then send the same request with the same key.

    Args:
        message: system, object, field, value, what to do.
        retry_after: seconds the vendor asked for, where it said so.
        is_write_uncertain: the vendor may have carried the request out (the reply was lost).
    """

    exit_code = 5

    def __init__(self, message: str, *, retry_after: float | None = None, is_write_uncertain: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.is_write_uncertain = is_write_uncertain


class RejectedError(TruecountError):
    """The vendor refused this row: set it aside and go on.

    Args:
        message: system, object, field, value, what to do.
        code: the vendor's own error code, or our reason code.
        path: the vendor's own path to the field, as it sent it.
    """

    exit_code = 1

    def __init__(self, message: str, *, code: str = "rejected", path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.path = path


class FatalError(TruecountError):
    """Stop: credentials, wrong account, schema gone."""

    exit_code = 4


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the contract: where, what, and what to do."""

    line: int
    place: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.place}: {self.message}" if self.line else f"{self.place}: {self.message}"


class ContractError(TruecountError):
    """Our own file is wrong: every problem at once, each with its line."""

    exit_code = 3

    def __init__(self, path: str, problems: list[Problem]) -> None:
        super().__init__("\n".join([f"contract {path} is refused, {len(problems)} problem(s):", *map(str, problems)]))
        self.problems = problems
