"""Consistency of the contract's section `serials`: sources that exist, patterns that compile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contract.models import Contract
from contract.serials import Serials, SerialSource

_METAFIELD = r"metafield\.[A-Za-z0-9_-]{2,255}\.[A-Za-z0-9_-]{2,64}"
_ORDER = rf"line\.property\..+|order\.attribute\..+|order\.{_METAFIELD}|order\.note|order\.tags"
_ALLOWED = {
    "sources": (
        re.compile(rf"^({_ORDER}|variant\.{_METAFIELD})$"),
        "line.property.KEY, variant.metafield.NAMESPACE.KEY, order.metafield.NAMESPACE.KEY, order.attribute.KEY, order.note, "
        "order.tags",
    ),
    "returned": (
        re.compile(rf"^({_ORDER}|refund\.note)$"),
        "order.metafield.NAMESPACE.KEY, order.attribute.KEY, order.note, order.tags, refund.note, line.property.KEY",
    ),
}
_TOLD_BY_FORMAT = ("order.attribute.", "order.note", "order.tags", "refund.note")


def find_serial_inconsistencies(contract: Contract) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every inconsistency: where, and what to do."""
    serials = contract.serials
    for section, sources in (("sources", serials.sources), ("returned", serials.returned)):
        for index, source in enumerate(sources):
            for field, problem in _source_problems(source, serials, section):
                yield ("serials", section, index, field), problem
            if source in sources[:index]:
                yield ("serials", section, index, "source"), f"{source.source} stands there already; its numbers would count twice"
    yield from _shared_places(serials)
    for index, form in enumerate(serials.formats):
        yield from ((("serials", "formats", index, "pattern"), problem) for problem in _pattern_problems(form.pattern))


def _shared_places(serials: Serials) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the sources that are also where something else stands: what we write ourselves, what was sold."""
    ours = f"order.metafield.{serials.metafield}"
    for index, source in enumerate(serials.sources):
        if source.source == ours:
            told = f"{ours} is serials.metafield, where we write what has left; what was sold must stand elsewhere"
            yield ("serials", "sources", index, "source"), told
    for index, source in enumerate(serials.returned):
        if source in serials.sources or source.source == ours:
            told = f"{source.source} names what was sold or has left; what came back must stand elsewhere"
            yield ("serials", "returned", index, "source"), told


def _source_problems(source: SerialSource, serials: Serials, section: str) -> Iterator[tuple[str, str]]:
    allowed, known = _ALLOWED[section]
    if not allowed.match(source.source):
        yield "source", f"{source.source} is no source of numbers in serials.{section}; there are {known}"
    if source.pattern is not None:
        yield from (("pattern", problem) for problem in _pattern_problems(source.pattern))
    has_formats = any(one.pattern != ".+" for one in serials.formats)
    if source.source.startswith(_TOLD_BY_FORMAT) and not has_formats:
        yield "source", "names no line: serials.formats must have a pattern that says whose number it is"


def _pattern_problems(pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"{pattern!r} is no regular expression ({error})"
