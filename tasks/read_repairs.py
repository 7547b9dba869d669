"""Reads what garbled numbers were taken for before, and what left for their orders: a repair outlives the unit's leaving."""

from __future__ import annotations

from contract.frames import Frames, empty
from domain.serial_capture import earlier_of
from domain.serial_matching import Earlier
from store import serials
from tasks.context import Context
from tasks.read_inventory import stack


def read_earlier(context: Context, raw: Frames) -> Earlier:
    """Return what is settled of these orders and notices; nothing where the contract lets nothing be repaired.

    Args:
        context: the store and the contract.
        raw: the orders and the notices that this run has read, either may be left out.
    """
    if context.contract.serials.repair != "certain":
        return Earlier()
    orders = raw.get("raw_shopify__orders", empty("raw_shopify__orders"))
    notices = raw.get("raw_partners__shipments", empty("raw_partners__shipments")).dropna(subset=["notice"])
    keys = orders["shop_code"] + "/" + orders["order_id_shopify"].str.replace(r"^.*/", "", regex=True)
    documents = "PARTNER/" + notices["partner_code"] + "/" + notices["notice"]
    told = serials.events_of_documents(context.engine, sorted(set(documents)))
    wanted = sorted({*keys, *told["order_key"].dropna()})
    return earlier_of(stack([told, serials.events_of_orders(context.engine, wanted)]))
