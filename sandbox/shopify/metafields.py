"""Metafields of orders, variants and products, and the definitions that an administrator keeps for them.

Recorded: the digests and ids of a metafield, the refusals of `metafieldsSet` that name no definition, that one bad row
refuses the whole call, that `keys` gives its metafields in the order asked for, each with its namespace in its key. How a
digest is made is not known: here it changes with type and value. The refusal of a value that does not fit, or of a type
other than its definition's, has a code of the schema and a sentence of ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.shopify.connections import connection, number
from sandbox.shopify.executor import not_modelled

if TYPE_CHECKING:
    from sandbox.shopify.shop import Shop

Node = dict[str, Any]
Name = tuple[str, str]
"""Namespace and key."""
OWNERS = {"Order": "ORDER", "ProductVariant": "PRODUCTVARIANT", "Product": "PRODUCT"}
APP_NAMESPACE = "app--1"
_PLAIN = "single_line_text_field"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Metafields:
    """The metafields and definitions of a shop.

    Args:
        new_id: gives a new id of a kind.
        now: the shop's clock.
    """

    def __init__(self, new_id: Callable[[str], str], now: Callable[[], datetime]) -> None:
        self._new_id, self._now = new_id, now
        self.held: dict[str, dict[Name, dict[str, Any]]] = {}
        self.definitions: dict[str, dict[str, Any]] = {}

    def seed(self, owner: str, values: Mapping[str, Any]) -> None:
        """Give an owner the metafields of a seed: {"namespace.key": value or {value, type}}."""
        for name, given in values.items():
            namespace, _, key = name.rpartition(".")
            row = given if isinstance(given, Mapping) else {"value": given}
            self.write(owner, (namespace, key), str(row["value"]), row.get("type"))

    def write(self, owner: str, name: Name, value: str, kind: str | None = None) -> dict[str, Any]:
        """Set a metafield, and return it; its type is the one given, else its definition's, else its own or a line of text."""
        mine = self.held.setdefault(owner, {})
        told = self.definition(owner_type(owner), name)
        before = mine.get(name)
        kind = kind or (told["type"] if told else before["type"] if before else _PLAIN)
        made = before["created_at"] if before else self._now()
        key = before["id"] if before else self._new_id("Metafield")
        digest = hashlib.sha256(f"{key} {kind} {value}".encode()).hexdigest()
        row = {"id": key, "owner": owner, "namespace": name[0], "key": name[1], "value": value, "type": kind, "digest": digest}
        mine[name] = row | {"created_at": made, "updated_at": self._now()}
        return mine[name]

    def remove(self, owner: str, name: Name) -> bool:
        """Delete a metafield; returns whether it was there."""
        return self.held.get(owner, {}).pop(name, None) is not None

    def definition(self, kind: str, name: Name) -> dict[str, Any] | None:
        """Return the definition of a metafield of an owner type."""
        wanted = (kind, *name)
        return next((row for row in self.definitions.values() if (row["owner_type"], row["namespace"], row["key"]) == wanted), None)

    def define(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Add a definition: {owner_type, namespace, key, name?, type?, description?, validations?: [{name, type, value}], id?}.

        Raises:
            ValueError: there is one of that owner type, namespace and key, or the owner type is not modelled.
        """
        kind, name = given["owner_type"], (given["namespace"], given["key"])
        if kind not in OWNERS.values() or self.definition(kind, name):
            raise ValueError(f"there can be no definition of {kind} {'.'.join(name)}")
        row = {
            "id": given.get("id") or self._new_id("MetafieldDefinition"),
            "owner_type": kind,
            "namespace": name[0],
            "key": name[1],
        }
        row |= {"name": given.get("name", name[1]), "type": given.get("type", _PLAIN), "description": given.get("description")}
        self.definitions[row["id"]] = row | {"validations": given.get("validations", [])}
        return {"id": row["id"]}


def owner_type(owner: str) -> str:
    """Return the owner type of an id.

    Raises:
        GraphQLError: its metafields are not modelled.
    """
    kind = owner.removeprefix("gid://shopify/").split("/")[0]
    if kind not in OWNERS:
        raise not_modelled(f"metafields of {kind}")
    return OWNERS[kind]


def fields_of(shop: Shop, owner: str | None) -> Node:
    """Return the fields `metafield` and `metafields` of an owner."""

    def one(key: str, namespace: str | None = None) -> Node | None:
        name = (namespace, key) if namespace else tuple(key.rsplit(".", 1)) if "." in key else (APP_NAMESPACE, key)
        row = shop.metafields.held.get(owner or "", {}).get((name[0], name[-1]))
        return metafield_node(shop, row) if row else None

    def many(namespace: str | None = None, keys: list[str] | None = None, **given: Any) -> Node:
        mine = shop.metafields.held.get(owner or "", {})
        if keys is not None:
            if namespace is not None:
                raise not_modelled("metafields by namespace and keys")
            rows = [row for told in keys for name, row in mine.items() if ".".join(name) == told]
            # Recorded: the key of each has its namespace in it.
            return connection(rows, given, lambda row: metafield_node(shop, row) | {"key": f"{row['namespace']}.{row['key']}"})
        rows = sorted((row for name, row in mine.items() if namespace in (None, name[0])), key=lambda row: number(row["id"]))
        return connection(
            rows, given, lambda row: metafield_node(shop, row), lambda row: (str(number(row["id"])), number(row["id"]))
        )

    return {"metafield": one, "metafields": many}


def metafield_node(shop: Shop, row: Mapping[str, Any]) -> Node:
    """Return a Metafield."""
    kind = owner_type(row["owner"])
    told = shop.metafields.definition(kind, (row["namespace"], row["key"]))
    return {
        "__typename": "Metafield",
        "id": row["id"],
        "legacyResourceId": str(number(row["id"])),
        "namespace": row["namespace"],
        "key": row["key"],
        "type": row["type"],
        "value": row["value"],
        "jsonValue": json_value(row["type"], row["value"]),
        "compareDigest": row["digest"],
        "ownerType": kind,
        "createdAt": _iso(row["created_at"]),
        "updatedAt": _iso(row["updated_at"]),
        "definition": lambda: definition_node(told) if told else None,
    }


def definition_node(row: Mapping[str, Any]) -> Node:
    """Return a MetafieldDefinition."""
    rules = [{"__typename": "MetafieldDefinitionValidation"} | dict(rule) for rule in row["validations"]]
    return {
        "__typename": "MetafieldDefinition",
        "id": row["id"],
        "name": row["name"],
        "namespace": row["namespace"],
        "key": row["key"],
        "description": row["description"],
        "ownerType": row["owner_type"],
        "type": {"__typename": "MetafieldDefinitionType", "name": row["type"]},
        "validations": rules,
    }


def json_value(kind: str, value: str) -> Any:
    """Return a value as JSON: texts as they are, numbers and flags as such, JSON and lists read."""
    if kind in ("json", "boolean", "number_integer", "rating", "money", "dimension", "volume", "weight") or kind.startswith(
        "list."
    ):
        return json.loads(value)
    return value


def fits(kind: str, value: str) -> bool:
    """Return whether a value is one of its type, of the types that the sandbox checks."""
    if kind in ("number_integer", "number_decimal"):
        return bool(_NUMBER.fullmatch(value)) and (kind == "number_decimal" or "." not in value)
    if kind == "boolean":
        return value in ("true", "false")
    if kind in ("json", "rating", "money", "dimension", "volume", "weight") or kind.startswith("list."):
        try:
            return isinstance(json.loads(value), list) if kind.startswith("list.") else json.loads(value) is not None
        except ValueError:
            return False
    return "\n" not in value if kind == _PLAIN else True


def _iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
