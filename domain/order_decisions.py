"""The decision table: what happens to an order in Shopify, and which documents NetSuite gets for it, in their order.

The table tells what `order_documents` and `order_steps` do; a spec holds each row against them, and the docs show it. All
rows are those of `follow_to: settlement`; with less, the later kinds are left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """One row: what happened, the documents made for it, and what is done besides."""

    code: str
    when: str
    documents: tuple[str, ...]
    besides: str = ""


def _row(code: str, when: str, documents: str, besides: str = "") -> Decision:
    return Decision(code, when, tuple(documents.split()), besides)


DECISIONS = (
    _row("placed", "A web, draft or B2B order; a till order that is not paid or not handed over there", "salesOrder"),
    _row("till_sale", "A till order, paid in full and handed over at its till", "cashSale", "At the till's location."),
    _row(
        "paid", "A payment before the goods are billed, one for each gateway (gift cards and store credit too)", "customerDeposit"
    ),
    _row("paid_late", "A payment after the goods were billed", "customerPayment", "On the open invoices, the oldest first."),
    _row(
        "shipped",
        "Units leave",
        "itemFulfillment invoice",
        "The first invoice takes the charges, a line's last units its remainder.",
    ),
    _row("nothing_to_ship", "Only tips, fees or other charges are left to bill", "invoice"),
    _row("zero_total", "An order of nothing to pay is placed and ships", "salesOrder itemFulfillment invoice"),
    _row("moved", "A fulfilment order moves to another location", "", "The open line moves there."),
    _row("edited", "Lines or units are added or removed", "", "Lines are added, reduced or closed, never deleted."),
    _row("cancelled_unbooked", "Cancelled before it was booked, nothing handed over", "", "Nothing is written."),
    _row(
        "cancelled",
        "Cancelled before anything left",
        "customerRefund",
        "Its lines are closed; the refund comes out of the deposit.",
    ),
    _row("cancelled_rest", "What is left is cancelled after a part was shipped", "customerRefund", "The open units are taken off."),
    _row(
        "returned",
        "Shipped units come back to stock, there or elsewhere",
        "returnAuthorization itemReceipt creditMemo customerRefund",
    ),
    _row(
        "refunded_kept",
        "Shipped units are refunded and not put back",
        "creditMemo customerRefund",
        "By the allowance item: no stock.",
    ),
    _row("refunded_charge", "Shipping or an adjustment is refunded after it was billed", "creditMemo customerRefund"),
    _row(
        "exchanged",
        "Units come back, and others are sent for them",
        "returnAuthorization itemReceipt creditMemo customerRefund itemFulfillment invoice",
    ),
    _row("till_return", "A till sale's units come back to stock", "returnAuthorization itemReceipt cashRefund"),
    _row("till_kept", "A till sale's units are refunded and not put back", "cashRefund"),
    _row(
        "till_exchange", "At the till, units come back and others are sold", "cashSale returnAuthorization itemReceipt cashRefund"
    ),
    _row("test_order", "A test order", "", "Never booked."),
)
"""Every row of the table."""
