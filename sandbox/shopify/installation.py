"""What the app may do and which versions of the API there are: read by the app, changed by people and by Shopify.

Recorded: `accessScopes` lists the scopes granted by name, then the reading ones that they imply. Which version a request
gets is documented: one no longer supported is answered by the oldest that is, and the header says which. The display names
are as in Shopify's documentation, not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.shopify.access import all_scopes, with_implied
from sandbox.shopify.metafields import owner_type

if TYPE_CHECKING:
    from sandbox.shopify.shop import Shop

VERSION = "2026-10"
Node = dict[str, Any]
VERSIONS: list[Node] = [
    {"handle": "2026-01", "displayName": "2026-01", "supported": True},
    {"handle": "2026-04", "displayName": "2026-04", "supported": True},
    {"handle": "2026-07", "displayName": "2026-07", "supported": True},
    {"handle": "2026-10", "displayName": "2026-10 (Latest)", "supported": True},
    {"handle": "2027-01", "displayName": "2027-01 (Release candidate)", "supported": False},
    {"handle": "unstable", "displayName": "unstable", "supported": False},
]


def installation_node(scopes: frozenset[str] | None) -> Node:
    """Return the AppInstallation of a token that holds scopes (None: all)."""
    held = all_scopes() if scopes is None else scopes
    implied = with_implied(frozenset(scope for scope in held if scope.startswith("write_"))) - frozenset(
        scope for scope in held if scope.startswith("write_")
    )
    handles = [*sorted(held - implied), *sorted(held & implied)]
    listed = [{"__typename": "AccessScope", "handle": handle} for handle in handles]
    return {"__typename": "AppInstallation", "id": "gid://shopify/AppInstallation/1", "accessScopes": listed}


def version_nodes(shop: Shop) -> list[Node]:
    """Return the versions there are."""
    return [{"__typename": "ApiVersion"} | row for row in shop.versions]


def version_used(shop: Shop) -> str:
    """Return the version that answers a request for the sandbox's: it, or the oldest supported once it is retired."""
    supported = sorted(row["handle"] for row in shop.versions if row["supported"])
    return VERSION if VERSION in supported or not supported else supported[0]


def change_scopes(shop: Shop, body: Mapping[str, Any]) -> Node:
    """Change what every token may do: {grant?: [scope], revoke?: [scope]}; what is granted to write may be read."""
    more, less = frozenset(body.get("grant", [])), frozenset(body.get("revoke", []))
    shop.scopes = sorted((frozenset(shop.scopes if "scopes" in shop.seed else all_scopes()) | more) - less)
    shop.seed = {**shop.seed, "scopes": shop.scopes}
    shop.narrow = {token: with_implied((held | more) - less) for token, held in shop.narrow.items()}
    return {"scopes": shop.scopes}


def change_versions(shop: Shop, body: Mapping[str, Any]) -> Node:
    """Change the versions: {versions: [{handle, supported, displayName?}]}, or {retire: [handle]}."""
    rows = body.get("versions", shop.versions)
    retired = body.get("retire", [])
    shop.versions = [
        {"displayName": row["handle"], **row, "supported": bool(row["supported"] and row["handle"] not in retired)} for row in rows
    ]
    return {"versions": shop.versions}


def change_definitions(shop: Shop, body: Mapping[str, Any]) -> Node:
    """Keep metafield definitions: {do: create, rename, retype or remove, ...}.

    A definition is named by its `id`, or by `owner_type`, `namespace` and `key`. create takes the keys of a seed's; rename
    `name`; retype `type`, which its metafields then have; remove `metafields`: true, to delete those too. Namespace and key
    of a definition cannot be changed in Shopify.

    Raises:
        ValueError: no such definition, or nothing that can be done.
    """
    store, wish = shop.metafields, body["do"]
    if wish == "create":
        return store.define(body)
    found = (
        store.definitions.get(body["id"])
        if "id" in body
        else store.definition(body["owner_type"], (body["namespace"], body["key"]))
    )
    if found is None or wish not in ("rename", "retype", "remove"):
        raise ValueError(f"{wish} of a metafield definition that is not there, or an unknown wish")
    name = (found["namespace"], found["key"])
    mine = [owner for owner, held in store.held.items() if owner_type(owner) == found["owner_type"] and name in held]
    if wish == "rename":
        found["name"] = body["name"]
    elif wish == "retype":
        found["type"] = body["type"]
        for owner in mine:
            store.write(owner, name, store.held[owner][name]["value"], body["type"])
    else:
        del store.definitions[found["id"]]
        for owner in mine if body.get("metafields") else ():
            store.remove(owner, name)
    return {"id": found["id"]}


def change_metafields(shop: Shop, body: Mapping[str, Any]) -> Node:
    """Overwrite an owner's metafields in the admin: {owner_id, values: {"namespace.key": value, {value, type} or null}}.

    Raises:
        ValueError: there is no such owner.
    """
    owner = body["owner_id"]
    if not shop.has_owner(owner):
        raise ValueError(f"there is no {owner}")
    for name, value in body["values"].items():
        namespace, _, key = name.rpartition(".")
        if value is None:
            shop.metafields.remove(owner, (namespace, key))
        else:
            shop.metafields.seed(owner, {name: value})
    if owner in shop.orders:
        shop.touch(shop.orders[owner], shop.clock.now())
    return {}
