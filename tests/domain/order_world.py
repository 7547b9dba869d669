"""An order told in a few words, as the raw frames of Shopify."""

import json
from pathlib import Path

import pandas as pd

from contract.frames import empty
from contract.loading import load_contract
from contract.tables import TABLES
from domain.order_documents import build_documents

SKUS = {"APPLE": "101", "BREAD": "102", "PHONE": "201", "MILK": "202", "BOX": "205"}
PLACES = {"HERE": "gid://shopify/Location/1001", "THERE": "gid://shopify/Location/1002"}
ORDER = "gid://shopify/Order/1"


def gid(kind, number):
    return f"gid://shopify/{kind}/{number}"


class Told:
    """Collects the events of one order; each gets the next minute."""

    def __init__(self, *, taxes_included=False, till=False, **order):
        self.minute, self.number = 0, 100
        self.rows = {name: [] for name in TABLES if name.startswith("raw_shopify__")}
        self.order = {"name": "#1", "has_taxes_included": str(taxes_included).lower(), "is_test": "false", "currency_code": "USD"}
        self.order |= {"source_name": "pos" if till else "web", "retail_location_id_shopify": PLACES["HERE"] if till else None}
        self.order |= {"financial_status": "PAID", "created_at_utc": self.at(), **order}
        self.total, self.paid = 0, 0

    def at(self):
        return f"2026-11-20T10:{self.minute:02d}:00Z"

    def next(self):
        self.minute += 1
        self.number += 1
        return self.number

    def sale(self, agreement, kind, total, *, line=None, units=None, discount="0", taxes=(), refund=None):
        number = self.next()
        self.minute -= 1
        self.total += float(total)
        self.rows["raw_shopify__sales"].append(
            {
                "sale_id_shopify": gid("Sale", number),
                "agreement_id_shopify": gid("Agreement", agreement),
                "refund_id_shopify": refund and gid("Refund", refund),
                "happened_at_utc": self.at(),
                "action_code": "ORDER",
                "line_type": kind,
                "order_line_id_shopify": line and gid("LineItem", line),
                "sale_qty": units,
                "total_amount": total,
                "discount_amount": discount,
                "tax_amount": f"{sum(float(x) for x in taxes):.2f}",
                "taxes": json.dumps([{"title": f"T{place}", "rate": 0.1, "amount": x} for place, x in enumerate(taxes)]),
            }
        )

    def line(self, line, sku, units, total, **more):
        self.rows["raw_shopify__order_lines"].append(
            {
                "order_line_id_shopify": gid("LineItem", line),
                "position": line,
                "sku": sku,
                "title": sku or "thing",
                "ordered_qty": units,
            }
        )
        kind = more.pop("kind", "PRODUCT")
        self.sale(more.pop("agreement", 1), kind, total, line=line, units=units, **more)

    def route(self, line, units, place="HERE"):
        row = {"order_line_id_shopify": gid("LineItem", line), "location_id_shopify": PLACES[place], "status_code": "OPEN"}
        number = self.next()
        self.rows["raw_shopify__fulfillment_order_lines"].append(
            row | {"fulfillment_order_line_id_shopify": gid("F", number), "remaining_qty": units, "total_qty": units}
        )

    def ship(self, line, units, place="HERE"):
        number = self.next()
        row = {"order_line_id_shopify": gid("LineItem", line), "location_id_shopify": PLACES[place], "status_code": "SUCCESS"}
        row |= {"fulfillment_line_id_shopify": gid("FL", number), "fulfillment_id_shopify": gid("Fulfillment", number)}
        self.rows["raw_shopify__fulfillments"].append(row | {"fulfilled_qty": units, "created_at_utc": self.at(), "tracking": "[]"})

    def refund(self, line, units, total, kind, place="HERE", **more):
        number = self.next()
        if line:
            row = {"refund_id_shopify": gid("Refund", number), "refund_line_id_shopify": gid("RL", number), "restock_type": kind}
            row |= {"order_line_id_shopify": gid("LineItem", line), "location_id_shopify": PLACES[place]}
            self.rows["raw_shopify__refunds"].append(row | {"refunded_qty": units, "created_at_utc": self.at()})
        self.sale(
            number, "PRODUCT" if line else kind, f"-{total}", line=line, units=-units if line else None, refund=number, **more
        )

    def pay(self, amount, gateway="shopify_payments", rounding=None):
        number = self.next()
        self.paid += float(amount)
        kind = "SALE" if float(amount) > 0 else "REFUND"
        row = {
            "transaction_id_shopify": gid("OrderTransaction", number),
            "kind": kind,
            "status_code": "SUCCESS",
            "gateway": gateway,
        }
        row |= {
            "total_amount": str(amount).lstrip("-"),
            "rounding_amount": rounding,
            "created_at_utc": self.at(),
            "is_test": "false",
        }
        self.rows["raw_shopify__transactions"].append(row)

    def frames(self):
        amounts = {"current_total_amount": f"{self.total:.2f}", "total_amount": f"{self.total:.2f}"}
        amounts["outstanding_amount"] = f"{self.total - self.paid:.2f}"
        self.rows["raw_shopify__orders"] = [amounts | self.order]
        both = {"shop_code": "GROCER", "order_id_shopify": ORDER}
        made = {}
        for name, rows in self.rows.items():
            listed = [{k: None if v is None else str(v) for k, v in {**both, **row}.items()} for row in rows]
            made[name] = pd.DataFrame(listed, columns=list(TABLES[name].columns), dtype="str") if listed else empty(name)
        return made


def contract(**orders):
    """Return the small contract with every item and gateway, followed to settlement; `orders` replaces keys."""
    loaded = load_contract(Path(__file__).parent.parent / "worlds" / "small_contract.yaml").contract
    names = "tip duty fee gift_card custom rounding adjustment allowance"
    items = loaded.orders.items.model_copy(update={f"{name}_item_id": str(904 + n) for n, name in enumerate(names.split())})
    given = {
        "items": items,
        "follow_to": "settlement",
        "fields": (),
        "gateways": {"shopify_payments": "1", "gift_card": "2", "cash": "3"},
    }
    return loaded.model_copy(update={"orders": loaded.orders.model_copy(update=given | orders)})


def decide(told, rules=None, linked=None, known=None, numbers=None, *, is_afresh=False):
    """Return the decided documents; `linked` is the type of the order's document in NetSuite."""
    links = [{"shop_code": "GROCER", "order_id_shopify": ORDER, "transaction_id_netsuite": "9", "external_id": "SHOPIFY-GROCER-1"}]
    links = pd.DataFrame(
        [row | {"transaction_type": linked} for row in links] if linked else [], columns=[*links[0], "transaction_type"]
    )
    items = pd.DataFrame({"sku": list(SKUS), "item_id_netsuite": list(SKUS.values())})
    given = (rules or contract(), known or {})
    return build_documents(told.frames(), links, empty("core_unresolved"), items, *given, numbers=numbers, is_afresh=is_afresh)
