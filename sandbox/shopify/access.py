"""What a token may read and write, by the scopes that Shopify's own schema file states for types and fields.

A denied field holds null, with a top-level ACCESS_DENIED of its path; the rest of the data is there (recorded). Beside
the scope, some fields need an agreement with Shopify (staff members: a Plus or Advanced shop): a shop whose app has
`read_users` is taken to have it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLField, GraphQLObjectType, get_named_type

_FILE = Path(__file__).parent / "scopes.json.gz"
_DOCUMENTATION = "https://shopify.dev/api/usage/access-scopes"
_CONTAINERS = ("Connection", "Edge")


def denial(scopes: AbstractSet[str] | None, parent: GraphQLObjectType, definition: GraphQLField, field: str) -> GraphQLError | None:
    """Return the refusal of a field, None where the scopes cover it.

    Args:
        scopes: what the token holds; None for everything.
        parent: the type that has the field.
        definition: the field.
        field: its name.
    """
    if scopes is None:
        return None
    kind = get_named_type(definition.type).name
    for suffix in _CONTAINERS:
        kind = kind.removesuffix(suffix)
    # An object that could be reached has been allowed already.
    return _refusal(scopes, f"{parent.name}.{field}", field) or _refusal(scopes, kind, field)


def type_denial(scopes: AbstractSet[str] | None, kind: str, field: str) -> GraphQLError | None:
    """Return the refusal of a field whose object turned out to be of a type, None where the scopes cover it."""
    return None if scopes is None else _refusal(scopes, kind, field)


def _refusal(scopes: AbstractSet[str], place: str, field: str) -> GraphQLError | None:
    needed, told = _rules().get(place, ((), ""))
    if not needed or not scopes.isdisjoint(needed):
        return None
    return refusal(field, told)


def refusal(field: str, told: str) -> GraphQLError:
    """Return the refusal of a field that needs other access, in the recorded words."""
    extensions: dict[str, Any] = {"code": "ACCESS_DENIED", "documentation": _DOCUMENTATION, "requiredAccess": told}
    return GraphQLError(f"Access denied for {field} field. Required access: {told}", extensions=extensions)


def all_scopes() -> frozenset[str]:
    """Return every scope that the schema file names."""
    return frozenset(scope for scopes, _ in _rules().values() for scope in scopes)


def with_implied(scopes: AbstractSet[str]) -> frozenset[str]:
    """Return scopes with what they imply: writing includes reading the same."""
    return frozenset(scopes) | {f"read_{scope.removeprefix('write_')}" for scope in scopes if scope.startswith("write_")}


@cache
def _rules() -> dict[str, tuple[tuple[str, ...], str]]:
    rows = json.loads(gzip.decompress(_FILE.read_bytes()))
    return {place: (tuple(scopes), told) for place, scopes, told in rows}
