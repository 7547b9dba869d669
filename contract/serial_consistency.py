"""Consistency of the contract's section `serials`: sources that exist, patterns that compile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contract.models import Contract

_SOURCE = re.compile(
    r"^(line\.property\..+|order\.attribute\..+|order\.metafield\.[A-Za-z0-9_-]{2,255}\.[A-Za-z0-9_-]{2,64}|order\.note|order\.tags)$"
)
_KNOWN = "line.property.KEY, order.metafield.NAMESPACE.KEY, order.attribute.KEY, order.note, order.tags"


def find_serial_inconsistencies(contract: Contract) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every inconsistency: where, and what to do."""
    serials = contract.serials
    has_formats = any(one.pattern != ".+" for one in serials.formats)
    for index, source in enumerate(serials.sources):
        place = ("serials", "sources", index)
        if not _SOURCE.match(source.source):
            yield (*place, "source"), f"{source.source} is no source of numbers; there are {_KNOWN}"
        if source.pattern is not None and (problem := _problem(source.pattern)):
            yield (*place, "pattern"), problem
        is_of_order = source.source.startswith(("order.attribute.", "order.note", "order.tags"))
        if is_of_order and not has_formats:
            yield (*place, "source"), "names no line: serials.formats must have a pattern that says whose number it is"
    for index, form in enumerate(serials.formats):
        if problem := _problem(form.pattern):
            yield ("serials", "formats", index, "pattern"), problem


def _problem(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is no regular expression ({error})"
    return ""
