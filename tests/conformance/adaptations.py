"""What was changed in a recorded request so that Shopify 2026-10 would take it, and why.

The recordings are of 2025-01 and 2026-04. An adaptation that no recording needs any more is told as a mistake.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Request = tuple[str, dict[str, Any]]
KEY = "conformance"


@dataclass(frozen=True)
class Adaptation:
    """One change of a request; `change` returns None where it does not apply."""

    name: str
    reason: str
    change: Callable[[str, dict[str, Any]], Request | None]


def _compared(document: str, variables: dict[str, Any]) -> Request | None:
    given = variables.get("input")
    if "inventorySetQuantities" not in document or not isinstance(given, dict) or not given.get("ignoreCompareQuantity"):
        return None
    changed = deepcopy(variables)
    changed["input"].pop("ignoreCompareQuantity")
    for row in changed["input"]["quantities"]:
        row.pop("compareQuantity", None)
        row["changeFromQuantity"] = None
    return document, changed


def _marked(document: str, variables: dict[str, Any]) -> Request | None:
    # A composed document says by @skip that its recording had no key.
    if (
        "@idempotent" in document
        or "@skip" in document
        or not re.search(r"inventorySetQuantities\s*\(\s*input:\s*\$\w+\s*\)", document)
    ):
        return None
    marked = re.sub(r"(inventorySetQuantities\s*\(\s*input:\s*\$\w+\s*\))", rf'\1 @idempotent(key: "{KEY}")', document)
    return marked, variables


def _activation_marked(document: str, variables: dict[str, Any]) -> Request | None:
    call = r"(inventoryActivate\s*\([^)]*\))"
    if "@idempotent" in document or not re.search(call, document):
        return None
    return re.sub(call, rf'\1 @idempotent(key: "{KEY}")', document), variables


ADAPTATIONS = (
    Adaptation(
        "ignoreCompareQuantity: true -> changeFromQuantity: null",
        "2026-04 took ignoreCompareQuantity and compareQuantity away; null switches the comparison off",
        _compared,
    ),
    Adaptation(
        "inventorySetQuantities gets @idempotent",
        "required at run time since 2026-04",
        _marked,
    ),
    Adaptation("inventoryActivate gets @idempotent", "required at run time since 2026-04", _activation_marked),
)


def adapted(document: str, variables: dict[str, Any], used: Counter[str]) -> Request:
    """Return a request as 2026-10 takes it, counting the adaptations used."""
    for adaptation in ADAPTATIONS:
        changed = adaptation.change(document, variables)
        if changed is not None:
            used[adaptation.name] += 1
            document, variables = changed
    return document, variables
