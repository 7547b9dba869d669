"""The functions that translated SuiteQL calls inside SQLite. Names carry the prefix ns_."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from sandbox.netsuite.account import Account

_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
_FORMAT_PARTS = (
    ("HH24", "%H"), ("HH12", "%I"), ("YYYY", "%Y"), ("MON", "%b"), ("DDD", "%j"), ("MM", "%m"), ("DD", "%d"),
    ("HH", "%I"), ("MI", "%M"), ("SS", "%S"), ("YY", "%y"), ("AM", "%p"), ("PM", "%p"), ("DAY", "%A"), ("DY", "%a"),
    ("TZD", ""), ("FM", ""), ("D", "%w"),
)  # fmt: skip
_STATUS_NAMES = {
    ("SalesOrd", "A"): "Sales Order : Pending Approval",
    ("SalesOrd", "B"): "Sales Order : Pending Fulfillment",
    ("SalesOrd", "C"): "Sales Order : Cancelled",
    ("SalesOrd", "D"): "Sales Order : Partially Fulfilled",
    ("SalesOrd", "E"): "Sales Order : Pending Billing/Partially Fulfilled",
    ("SalesOrd", "F"): "Sales Order : Pending Billing",
    ("SalesOrd", "G"): "Sales Order : Billed",
    ("SalesOrd", "H"): "Sales Order : Closed",
    ("ItemShip", "A"): "Item Fulfillment : Picked",
    ("ItemShip", "B"): "Item Fulfillment : Packed",
    ("ItemShip", "C"): "Item Fulfillment : Shipped",
    ("CashSale", "B"): "Cash Sale : Not Deposited",
    ("TrnfrOrd", "B"): "Transfer Order : Pending Fulfillment",
    ("TrnfrOrd", "F"): "Transfer Order : Pending Receipt",
    ("TrnfrOrd", "G"): "Transfer Order : Received",
}


class BadValueError(Exception):
    """A text that is not the date or number its format says."""


def register(account: Account, seed: str) -> None:
    """Register every function on the world's connection.

    Args:
        account: gives the time zone, the date format and the clock.
        seed: decides the order of rows that ORDER BY leaves open; the same query and page give the same order.
    """
    db, random = account.db, Random(seed)  # noqa: S311 - an order of rows, not a secret
    default = account.settings.date_format
    db.create_function("ns_noise", 0, random.random)
    db.create_function("ns_to_char", -1, lambda value, form=None: to_char(value, form or default), deterministic=True)
    db.create_function("ns_to_date", -1, lambda value, form=None: to_date(value, form or default), deterministic=True)
    db.create_function("ns_utc", 1, lambda value: None if value is None else account.utc(value), deterministic=True)
    db.create_function("ns_trunc", -1, truncate, deterministic=True)
    db.create_function("ns_add_days", 2, add_days, deterministic=True)
    db.create_function("ns_days_between", 2, days_between, deterministic=True)
    db.create_function("ns_add_months", 2, add_months, deterministic=True)
    db.create_function("ns_like", 2, like, deterministic=True)
    db.create_function("ns_regexp_like", -1, regexp_like, deterministic=True)
    db.create_function("ns_decode", -1, decode, deterministic=True)
    db.create_function("ns_number", 1, to_number, deterministic=True)
    db.create_function("ns_status_name", 2, lambda kind, status: _STATUS_NAMES.get((kind, status), status))


def to_char(value: Any, form: str) -> str | None:
    """Return a stored date in an Oracle format, anything else as plain text."""
    if value is None:
        return None
    if isinstance(value, str) and _DATE.match(value):
        return _formatted(value, form)
    return plain(value)


def to_date(value: Any, form: str) -> str | None:
    """Return a text read by an Oracle format, as stored.

    Raises:
        BadValueError: the text is not of that format.
    """
    if value is None:
        return None
    try:
        read = datetime.strptime(str(value), _strftime(form))  # noqa: DTZ007 - local by design
    except ValueError as error:
        raise BadValueError(f"{value!r} is not a date of format {form}") from error
    return read.strftime("%Y-%m-%d %H:%M:%S")


def plain(value: Any) -> str:
    """Return a value as NetSuite sends it: text, whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{round(value, 10):.10f}".rstrip("0") if isinstance(value, float) else str(value)


def truncate(value: Any, unit: Any = None) -> Any:
    """Return a date without its time (or to month or year), or a number without its fraction."""
    if not isinstance(value, str) or not _DATE.match(value):
        return None if value is None else int(float(value))
    unit = str(unit or "DD").upper()
    if unit in ("YYYY", "YEAR", "YY"):
        return value[:4] + "-01-01 00:00:00"
    return (value[:7] + "-01" if unit in ("MM", "MONTH", "MON") else value[:10]) + " 00:00:00"


def add_days(value: Any, days: Any) -> str | None:
    """Return a stored date moved by days, fractions too."""
    if value is None or days is None:
        return None
    moved = datetime.fromisoformat(value) + timedelta(days=float(days))
    return moved.strftime("%Y-%m-%d %H:%M:%S")


def days_between(later: Any, earlier: Any) -> float | None:
    """Return the days from one stored date to another."""
    if later is None or earlier is None:
        return None
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() / 86400


def add_months(value: Any, months: Any) -> str | None:
    """Return a stored date moved by whole months, at most to the month's last day."""
    if value is None or months is None:
        return None
    read = datetime.fromisoformat(value)
    index = read.year * 12 + read.month - 1 + int(months)
    first = read.replace(year=index // 12, month=index % 12 + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(read.day, last.day)).strftime("%Y-%m-%d %H:%M:%S")


def like(value: Any, pattern: Any) -> int | None:
    """Return 1 where a text matches a LIKE pattern, with case, as Oracle does."""
    if value is None or pattern is None:
        return None
    return int(_like_pattern(str(pattern)).fullmatch(plain(value)) is not None)


def regexp_like(value: Any, pattern: Any, flags: str = "") -> int | None:
    """Return 1 where a pattern is found in a text."""
    if value is None or pattern is None:
        return None
    return int(re.search(pattern, plain(value), re.IGNORECASE if "i" in flags else 0) is not None)


def decode(value: Any, *cases: Any) -> Any:
    """Return Oracle's DECODE: the result beside the first equal case, else the default; null equals null."""
    for index in range(0, len(cases) - 1, 2):
        wanted = cases[index]
        if (value is None and wanted is None) or (None not in (value, wanted) and plain(value) == plain(wanted)):
            return cases[index + 1]
    return cases[-1] if len(cases) % 2 else None


def to_number(value: Any) -> Any:
    """Return a text as a number.

    Raises:
        BadValueError: the text is not a number.
    """
    if value is None or isinstance(value, int | float):
        return value
    try:
        number = float(value)
    except ValueError as error:
        raise BadValueError(f"{value!r} is not a number") from error
    return int(number) if number.is_integer() else number


@lru_cache(maxsize=256)
def _like_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


@lru_cache(maxsize=65536)
def _formatted(value: str, form: str) -> str:
    return datetime.fromisoformat(value).strftime(_strftime(form))


@lru_cache(maxsize=256)
def _strftime(form: str) -> str:
    """Return the strftime format of an Oracle date format; quoted parts are literal."""
    result, rest = "", form
    while rest:
        if rest[0] == '"':
            literal, _, rest = rest[1:].partition('"')
            result += literal.replace("%", "%%")
            continue
        for oracle, posix in _FORMAT_PARTS:
            if rest.upper().startswith(oracle):
                result, rest = result + posix, rest[len(oracle) :]
                break
        else:
            result, rest = result + rest[0], rest[1:]
    return result
