"""The ids every world shares with the demo's contract, repeated here because the sandbox imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ACCOUNT_ID = "1234567_SB1"
TIMEZONE = "America/New_York"
CURRENCY = "USD"
CLIENT_ID, CLIENT_SECRET = "truecount-client", "truecount-secret"
STATIC_TOKEN = "shpat_truecount_sandbox"  # noqa: S105 - opens the sandbox only
NETSUITE_CLIENT_ID, CERTIFICATE_ID = "truecount-m2m", "truecount-certificate"
TBA = {
    "consumer_key": "truecount-consumer",
    "consumer_secret": "truecount-consumer-secret",
    "token_id": "truecount-token",
    "token_secret": "truecount-token-secret",
}
SCOPES = [
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
    "read_all_orders",
    "read_products",
    "read_customers",
    "read_draft_orders",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "write_orders",
]
SHIPPING_ITEM, TAX_ITEM, DISCOUNT_ITEM = "901", "902", "903"
CUSTOMER_OF_SHOP = {"GROCER": "501", "EXPRESS": "502"}
CHANNEL_OF_KIND = {"web": "1", "till": "2", "draft": "3"}
DOMAIN_OF_SHOP = {"GROCER": "truecount-grocer.myshopify.com", "EXPRESS": "truecount-express.myshopify.com"}


@dataclass(frozen=True)
class Place:
    """One location: our code, NetSuite's ids, and the numeric id in each Shopify shop that has it."""

    location_code: str
    netsuite_ids: tuple[str, ...]
    shopify_ids: dict[str, int]


PLACES = (
    Place("WAREHOUSE", ("1", "2"), {"GROCER": 1001, "EXPRESS": 2001}),
    Place("STORE_406", ("11",), {"GROCER": 1002}),
    Place("STORE_381", ("12",), {"GROCER": 1003}),
    Place("STORE_367", ("13",), {"GROCER": 1004}),
    Place("STORE_356", ("14",), {"GROCER": 1005}),
    Place("STORE_31782", ("15",), {"EXPRESS": 2002}),
    Place("STORE_292", ("16",), {"EXPRESS": 2003}),
)
PLACE = {place.location_code: place for place in PLACES}

CUSTOM_FIELDS: list[dict[str, Any]] = [
    {"scriptid": "custbody_shopify_order_name", "name": "Shopify Order Name", "type": "text", "level": "body"},
    {"scriptid": "custbody_shopify_order_id", "name": "Shopify Order Id", "type": "text", "level": "body"},
    {
        "scriptid": "custbody_sales_channel",
        "name": "Sales Channel",
        "type": "list",
        "level": "body",
        "values": {"1": "Web", "2": "Point of Sale", "3": "Draft Order"},
    },
    {"scriptid": "custbody_utm_source", "name": "UTM Source", "type": "text", "level": "body"},
    {"scriptid": "custbody_tax_titles", "name": "Tax Titles", "type": "text", "level": "body"},
    {"scriptid": "custcol_shopify_line_id", "name": "Shopify Line Id", "type": "text", "level": "line"},
    {"scriptid": "custcol_shopify_sku", "name": "Shopify SKU", "type": "text", "level": "line"},
]
CHARGE_ITEMS: list[dict[str, Any]] = [
    {"id": SHIPPING_ITEM, "itemid": "SHIPPING", "itemtype": "OthCharge", "displayname": "Shipping"},
    {"id": TAX_ITEM, "itemid": "TAX", "itemtype": "OthCharge", "displayname": "Sales tax"},
    {"id": DISCOUNT_ITEM, "itemid": "DISCOUNT", "itemtype": "OthCharge", "displayname": "Discount"},
]


def gid(kind: str, number: int) -> str:
    """Return a Shopify id, such as gid://shopify/Order/5."""
    return f"gid://shopify/{kind}/{number}"


def shop_seed(shop: str, places: tuple[Place, ...]) -> dict[str, Any]:
    """Return a shop without goods or orders: its credentials, rate and the locations among `places` that it has."""
    return {
        "domain": DOMAIN_OF_SHOP[shop],
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "static_tokens": [STATIC_TOKEN],
        "scopes": SCOPES,
        "bucket": {"maximum": 20000, "restore": 1000},
        "currency": CURRENCY,
        "locations": [
            {
                "id": gid("Location", place.shopify_ids[shop]),
                "name": place.location_code.replace("_", " ").title(),
                "is_active": True,
                "fulfills_online_orders": True,
            }
            for place in places
            if shop in place.shopify_ids
        ],
        "variants": [],
        "levels": [],
        "orders": [],
    }


def account_seed(places: tuple[Place, ...], public_key_pem: str) -> dict[str, Any]:
    """Return a NetSuite account without goods or documents; the key is the one its M2M certificate holds."""
    return {
        "account_id": ACCOUNT_ID,
        "timezone": TIMEZONE,
        "date_format": "MM/DD/YYYY",
        "concurrency": 5,
        "default_order_status": "A",
        "m2m_clients": [{"client_id": NETSUITE_CLIENT_ID, "certificate_id": CERTIFICATE_ID, "public_key_pem": public_key_pem}],
        "tba_tokens": [TBA],
        "custom_fields": CUSTOM_FIELDS,
        "locations": [
            {"id": number, "name": f"{place.location_code}_{number}", "isinactive": "F", "makeinventoryavailable": "T"}
            for place in places
            for number in place.netsuite_ids
        ],
        "subsidiaries": [{"id": "1", "name": "Truecount Inc."}],
        "items": [dict(item) for item in CHARGE_ITEMS],
        "stock": [],
        "customers": [
            {"id": "501", "entityid": "Shopify GROCER", "companyname": "Shopify GROCER"},
            {"id": "502", "entityid": "Shopify EXPRESS", "companyname": "Shopify EXPRESS"},
            {"id": "503", "entityid": "Phone orders", "companyname": "Phone orders"},
        ],
        "transactions": [],
    }


def environment(shops: list[str]) -> dict[str, str]:
    """Return the variables that hold the worlds' credentials (they open nothing but a sandbox)."""
    names = {
        "TRUECOUNT_NETSUITE_CLIENT_ID": NETSUITE_CLIENT_ID,
        "TRUECOUNT_NETSUITE_CERTIFICATE_ID": CERTIFICATE_ID,
    }
    for shop in shops:
        names |= {f"TRUECOUNT_SHOPIFY_{shop}_CLIENT_ID": CLIENT_ID, f"TRUECOUNT_SHOPIFY_{shop}_CLIENT_SECRET": CLIENT_SECRET}
    return names
