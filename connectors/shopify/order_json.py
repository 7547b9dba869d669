"""Reads and writes one JSON metafield of orders, by compare-and-swap: what another hand wrote meanwhile is not lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.shopify.client import ShopifyClient
from contract.errors import RejectedError

_READ, _WRITTEN = 100, 25
"""Ids that one read names, and metafields that one call sets (facts: at most 25)."""


@dataclass(frozen=True)
class Held:
    """A metafield as it is: its text, and the digest that a write names; both None where there is none."""

    value: str | None = None
    digest: str | None = None


def read_order_json(client: ShopifyClient, name: str, order_ids: Sequence[str]) -> dict[str, Held]:
    """Return the metafield of each of these orders, by gid; orders that are gone are left out.

    Args:
        client: the shop.
        name: `namespace.key`.
        order_ids: full gids.

    Raises:
        FatalError: credentials or scopes.
        RetriableError: the shop does not answer.
    """
    namespace, key = name.split(".", 1)
    found: dict[str, Held] = {}
    for start in range(0, len(order_ids), _READ):
        given = {"ids": list(order_ids[start : start + _READ]), "namespace": namespace, "key": key}
        answer = client.execute("order_metafield_digests", given, what=f"metafield {name}")
        for node in answer.data["nodes"]:
            if node:
                held = node["metafield"] or {}
                found[node["id"]] = Held(held.get("value"), held.get("compareDigest"))
    return found


def write_order_json(client: ShopifyClient, name: str, values: Mapping[str, tuple[Any, Held]]) -> None:
    """Set the metafield of orders, each only where it still is what was read.

    Args:
        client: the shop.
        name: `namespace.key`, of type json.
        values: by gid what to write, and what was read.

    Raises:
        RejectedError: one of them was changed meanwhile, or is refused; none of its call is written.
        RetriableError: no answer; writing the same again changes nothing.
        FatalError: credentials or scopes.
    """
    namespace, key = name.split(".", 1)
    rows = [
        {
            "ownerId": gid,
            "namespace": namespace,
            "key": key,
            "type": "json",
            "value": json.dumps(value, sort_keys=True),
            "compareDigest": held.digest,
        }
        for gid, (value, held) in values.items()
    ]
    for start in range(0, len(rows), _WRITTEN):
        part = rows[start : start + _WRITTEN]
        answer = client.execute("set_metafields", {"metafields": part}, what=f"metafield {name}", is_write=True)
        payload = answer.data["metafieldsSet"]
        if payload["userErrors"]:
            told = "; ".join(f"{'.'.join(error['field'] or [])}: {error['message']}" for error in payload["userErrors"])
            code = payload["userErrors"][0]["code"] or "refused"
            raise RejectedError(f"Shopify {client.shop_code}: metafield {name}: {told}; the next run reads it again", code=code)
