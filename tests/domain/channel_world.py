"""A little world for the channel rules: a contract and core frames from plain rows."""

from datetime import UTC, datetime

import pandas as pd

from contract.frames import empty, from_rows
from contract.models import Contract
from domain.atp import TERMS
from domain.channels import compute_channel_quantities

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
READ_AT = datetime(2026, 3, 2, 11, 59, tzinfo=UTC)


def make_contract(channels, *, splits=(), packs=(), default_rule=None, locations=("A", "B")):
    """Return a contract with two shops and these channels; a shop channel takes its shop from its own code."""
    shops = [
        {"shop_code": code, "domain": f"{code.lower()}.myshopify.com", "unrouted_location": locations[0], "customer_id": "1"}
        for code in ("ONE", "TWO")
    ]
    places = [
        {
            "location_code": code,
            "netsuite_locations": [str(number)],
            "shopify_locations": {shop["shop_code"]: f"gid://shopify/Location/{number}{place}" for place, shop in enumerate(shops)},
        }
        for number, code in enumerate(locations, start=1)
    ]
    full = [
        {
            "channel_code": code,
            "kind": "shopify" if code in {"ONE", "TWO"} else "feed",
            **({"shop": code} if code in {"ONE", "TWO"} else {"url": "feed.csv"}),
            "pool": list(locations),
            **channel,
        }
        for code, channel in channels.items()
    ]
    return Contract.model_validate(
        {
            "version": 1,
            "account": {"account_id": "1", "currency_code": "USD", "line_id_field": "custcol_line"},
            "shops": shops,
            "locations": places,
            "channels": full,
            "splits": list(splits),
            "packs": list(packs),
            "default_rule": default_rule or {},
            "orders": {"items": {"shipping_item_id": "1", "tax_item_id": "2", "discount_item_id": "3"}},
        }
    )


def atp_frame(units, read_at=READ_AT):
    """Return `out_atp` of {(sku, location): units}."""
    terms = (*TERMS, "other_short_qty", "available_qty")
    return from_rows(
        "out_atp",
        [
            {"sku": sku, "location_code": place, **dict.fromkeys(terms, 0), "atp_qty": atp, "oldest_input_at_utc": read_at}
            for (sku, place), atp in units.items()
        ],
    )


def frames(**given):
    """Return the core frames that the rules look at; what is not given is empty."""
    names = ("core_components", "core_arrivals", "core_sales", "core_tags")
    return {name: from_rows(name, given[name]) if name in given else empty(name) for name in names}


def numbers(contract, units, *, at=AT, read_at=READ_AT, **given):
    """Return {(channel, sku, location): published number} and the findings."""
    told, findings = compute_channel_quantities(atp_frame(units, read_at), frames(**given), contract, "f", at)
    key = ["channel_code", "sku", "location_code"]
    return told.set_index(key)["publish_qty"].to_dict(), findings


def full_rows(contract, units, **given):
    """Return the whole `out_channel_quantities`."""
    frame: pd.DataFrame = compute_channel_quantities(atp_frame(units), frames(**given), contract, "f", AT)[0]
    return frame
