"""The arguments that the sandbox models, by type and field; any other that says something is refused, never ignored."""

from __future__ import annotations

_PAGE = frozenset({"first", "after", "last", "before", "reverse"})
_MODELLED: dict[tuple[str, str], frozenset[str]] = {
    ("QueryRoot", "orders"): _PAGE | {"query", "sortKey"},
    ("QueryRoot", "draftOrders"): _PAGE | {"query"},
    # A legacy location is one of a fulfilment service: no seed has any.
    ("QueryRoot", "locations"): _PAGE | {"includeInactive", "includeLegacy"},
    ("QueryRoot", "productVariants"): _PAGE | {"query"},
    ("QueryRoot", "inventoryItems"): _PAGE | {"query"},
    ("QueryRoot", "nodes"): frozenset({"ids"}),
    ("Location", "inventoryLevels"): _PAGE | {"query", "includeInactive"},
    ("Location", "inventoryLevel"): frozenset({"inventoryItemId"}),
    ("InventoryItem", "inventoryLevels"): _PAGE | {"query", "includeInactive"},
    ("InventoryItem", "inventoryLevel"): frozenset({"locationId"}),
    ("InventoryLevel", "quantities"): frozenset({"names"}),
    ("Order", "lineItems"): _PAGE,
    ("Order", "shippingLines"): _PAGE,
    ("Order", "fulfillmentOrders"): _PAGE,
    ("Order", "fulfillments"): frozenset({"first"}),
    ("Order", "refunds"): frozenset({"first"}),
    ("Order", "transactions"): frozenset({"first"}),
    ("Order", "agreements"): _PAGE,
    ("OrderAgreement", "sales"): _PAGE,
    ("OrderEditAgreement", "sales"): _PAGE,
    ("RefundAgreement", "sales"): _PAGE,
    **{(owner, "metafield"): frozenset({"namespace", "key"}) for owner in ("Order", "ProductVariant", "Product")},
    **{(owner, "metafields"): _PAGE | {"namespace", "keys"} for owner in ("Order", "ProductVariant", "Product")},
    ("QueryRoot", "metafieldDefinitions"): _PAGE | {"ownerType", "namespace", "key"},
    ("QueryRoot", "metafieldDefinition"): frozenset({"id", "identifier"}),
    ("Mutation", "metafieldsSet"): frozenset({"metafields"}),
    ("Mutation", "metafieldsDelete"): frozenset({"metafields"}),
    ("DraftOrder", "lineItems"): _PAGE,
    ("Fulfillment", "fulfillmentLineItems"): _PAGE,
    ("Fulfillment", "trackingInfo"): frozenset({"first"}),
    ("FulfillmentOrder", "lineItems"): _PAGE,
    ("Refund", "refundLineItems"): _PAGE,
    ("Refund", "transactions"): _PAGE,
    ("Mutation", "inventorySetQuantities"): frozenset({"input"}),
    ("Mutation", "inventoryActivate"): frozenset({"inventoryItemId", "locationId", "available", "onHand"}),
    ("Mutation", "bulkOperationRunQuery"): frozenset({"query"}),
    ("Mutation", "fulfillmentCreate"): frozenset({"fulfillment"}),
}
_BY_ID = frozenset(
    {"bulkOperation", "order", "draftOrder", "fulfillment", "fulfillmentOrder", "refund", "location", "inventoryItem", "node"}
)


def is_modelled(parent: str, field: str, argument: str) -> bool:
    """Tell whether an argument of a field is modelled."""
    if parent == "QueryRoot" and argument == "id" and field in _BY_ID | {"inventoryLevel", "productVariant"}:
        return True
    return argument in _MODELLED.get((parent, field), ())
