"""GraphQL documents: one file each, with the fragments that they spread.

A document's first line states its cost, so that the first call of a process reserves the right number of points. The
rule behind it was fitted to recorded replies and is not documented; the shop's own figure replaces it after one reply.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"
_COST = re.compile(r"# cost (\d+)\b")
_SPREAD = re.compile(r"\.\.\.\s*([a-z]\w*)")
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")


def document_names() -> list[str]:
    """Return the names of all documents, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))


@cache
def load_document(name: str) -> str:
    """Return a document's text, followed by every fragment it spreads, each once.

    Args:
        name: the file's name without its suffix.
    """
    text = (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
    parts, waiting, seen = [text], _spreads(text), set[str]()
    while waiting:
        fragment = waiting.pop(0)
        if fragment in seen:
            continue
        seen.add(fragment)
        more = (FOLDER / "fragments" / f"{_UPPER.sub('_', fragment).lower()}.graphql").read_text(encoding="utf-8")
        parts.append(more)
        waiting += _spreads(more)
    return "\n".join(parts)


def stated_cost(name: str) -> float:
    """Return the points that a document's first line states.

    Args:
        name: the file's name without its suffix.
    """
    found = _COST.match(load_document(name))
    if found is None:
        raise ValueError(f"documents/{name}.graphql: the first line states no cost (# cost N)")
    return float(found[1])


def _spreads(text: str) -> list[str]:
    # An inline fragment (`... on Type`) spreads nothing of ours.
    return [name for name in _SPREAD.findall(text) if name != "on"]
