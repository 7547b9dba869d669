"""Equality gates: what is about to be written is, to the cent, what Shopify says, or the term that differs is named."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from domain.money import ZERO
from domain.order_facts import OrderFacts
from domain.order_life import Life
from domain.order_lines import Line, Refusal


def check_order(facts: OrderFacts) -> None:
    """The order: its sales add up to its current total at the version read.

    Raises:
        Refusal: `totals_differ`, or `changed_while_read` where the order changed between its reads.
    """
    name, order = f"order {facts.order['name']}", facts.order
    if not facts.sales:
        raise Refusal("totals_differ", f"{name} has no sales agreement; look at it in Shopify")
    total = sum((sale.money.total for sale in facts.sales), ZERO)
    current = Decimal(order["current_total_amount"] or 0)
    if total != current:
        terms = {sale.line_type: ZERO for sale in facts.sales}
        for sale in facts.sales:
            terms[sale.line_type] += sale.money.total
        told = ", ".join(f"{kind.lower()} {amount}" for kind, amount in terms.items())
        raise Refusal("totals_differ", f"{name}: its sales come to {total} ({told}), Shopify's current total is {current}")


def check_lines(facts: OrderFacts, lines: Iterable[Line], wanted: Decimal, tax: Decimal) -> None:
    """A document: its lines, and the tax that is beside them, come to what it is for.

    Raises:
        Refusal: `totals_differ`.
    """
    listed = list(lines)
    total = sum((line.amount for line in listed), tax)
    if total != wanted:
        told = ", ".join(f"{line.kind} {line.amount}" for line in listed)
        raise Refusal("totals_differ", f"order {facts.order['name']}: lines ({told}) come to {total}, not to {wanted}")


def check_bills(facts: OrderFacts, life: Life) -> None:
    """The bills: with nothing left to ship, invoices less credits are the current total (cash rounding apart).

    Raises:
        Refusal: `bills_differ`.
    """
    if life.open_units:
        return
    rounding = sum((tender.rounding for tender in facts.tenders), ZERO)
    billed = life.billed_total - life.credited_total
    current = Decimal(facts.order["current_total_amount"] or 0)
    if billed not in (current, current + rounding):
        told = f"invoices {life.billed_total} less credits {life.credited_total} are {billed}, Shopify's current total is {current}"
        raise Refusal("bills_differ", f"order {facts.order['name']}: {told}; credit or bill the difference by hand")


def check_tenders(facts: OrderFacts) -> None:
    """The tenders: payments less refunds, and what is outstanding, are the current total.

    Raises:
        Refusal: `tenders_differ`.
    """
    paid = sum((tender.amount for tender in facts.tenders), ZERO)
    outstanding = Decimal(facts.order["outstanding_amount"] or 0)
    current = Decimal(facts.order["current_total_amount"] or 0)
    if paid + outstanding != current:
        told = f"payments less refunds are {paid}, outstanding is {outstanding}, together not the current total {current}"
        raise Refusal("tenders_differ", f"order {facts.order['name']}: {told}; look at its transactions in Shopify")
