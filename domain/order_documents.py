"""Order documents: what each Shopify order becomes in NetSuite, to the cent, or why it is set aside.

A till order becomes a cash sale only if it is fully paid and handed over at its till; every other order a sales order. The
amounts are Shopify's own, from its feed of sales, never computed again; equality gates hold before anything is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.frames import Frames, from_rows
from contract.models import Contract
from domain.conform_shopify import shopify_locations
from domain.custom_fields import map_fields
from domain.money import ZERO, Money
from domain.order_facts import OrderFacts, number_of, read_facts
from domain.order_gates import check_bills, check_lines, check_order, check_tenders
from domain.order_life import Bill, Life, live
from domain.order_lines import Books, Issuer, Line, Refusal, bill_lines, order_lines, tax_details
from domain.order_numbers import handed_over
from domain.order_states import state_row
from domain.order_steps import Step, Steps

_ORDER = ["shop_code", "order_id_shopify"]
_PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
_RECORD_OF_TYPE = {"SalesOrd": "salesOrder", "CashSale": "cashSale"}


@dataclass(frozen=True)
class Documents:
    """What was decided: `out_netsuite_documents` (a row a document), `out_netsuite_document_lines`, `out_order_states`."""

    documents: pd.DataFrame
    lines: pd.DataFrame
    states: pd.DataFrame

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames by their names."""
        return {
            "out_netsuite_documents": self.documents,
            "out_netsuite_document_lines": self.lines,
            "out_order_states": self.states,
        }


def build_documents(  # noqa: PLR0913, PLR0917 - the frames of a run
    raw: Frames,
    links: pd.DataFrame,
    ambiguous: pd.DataFrame,
    sold: pd.DataFrame,
    contract: Contract,
    known: Mapping[str, str] | None = None,
    echoes: frozenset[str] = frozenset(),
    dismissed: frozenset[tuple[str, str]] = frozenset(),
    numbers: Issuer | None = None,
    is_afresh: bool = False,
) -> Documents:
    """Return a decision for every order, and for every document that follows it: create, transform, revise, adopt, skip, set_aside.

    Grain: documents one row per document, in the order of `step_count` within an order; lines one row per line of the
    order's own document.

    Args:
        raw: the `raw_shopify__*` order frames.
        links: orders that NetSuite has (`domain.order_links.link_orders`).
        ambiguous: what `link_orders` set aside: `value` holds the reference that several share.
        sold: the item of a SKU (`domain.components.sold_items`).
        contract: the rules.
        known: documents that NetSuite has, external id to internal id: they are not made again.
        echoes: Shopify's fulfilments that we made of NetSuite's own: they are shipped there already.
        dismissed: orders (shop, gid) that a person has taken out of the stream.
        numbers: where serial and lot numbers come from; documents carry none where it is left out.
        is_afresh: decide what we booked already once more, whole: what there should be, for a comparison. Never to be written.
    """
    places = shopify_locations(contract)
    linked = {(str(row["shop_code"]), str(row["order_id_shopify"])): _named(row) for row in links.to_dict("records")}
    books = Books(
        contract=contract,
        item_of_sku=dict(zip(sold["sku"], sold["item_id_netsuite"], strict=True)),
        places={(row[0], row[1]): row[2] for row in places.itertuples(index=False, name=None)},
        linked=linked,
        ambiguous=frozenset(ambiguous["value"]),
        known=known or {},
        echoes=echoes,
        dismissed=dismissed,
        numbers=numbers,
        is_afresh=is_afresh,
    )
    documents: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []
    for facts in read_facts(raw):
        decision = _Decision(facts, books)
        rows = decision.rows(lines)
        states.append(state_row(facts, rows, decision.life, contract))
        documents += rows
    return Documents(
        from_rows("out_netsuite_documents", _each_customer_once(documents)),
        from_rows("out_netsuite_document_lines", lines),
        from_rows("out_order_states", states),
    )


def _each_customer_once(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the documents; a buyer of several orders is made once, with the first of them."""
    made: set[str] = set()
    for row in rows:
        if row["record_type"] != "customer" or row["external_id"] not in made:
            yield row
        if row["record_type"] == "customer":
            made.add(row["external_id"])


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def external_id(shop_code: str, order_id: str) -> str:
    """Return an order's external id in NetSuite.

    >>> external_id("GROCER", "gid://shopify/Order/42")
    'SHOPIFY-GROCER-42'
    """
    return f"SHOPIFY-{shop_code}-{number_of(order_id)}"


class _Decision:
    """What is decided for one order."""

    def __init__(self, facts: OrderFacts, books: Books) -> None:
        self.facts, self.books, self.order = facts, books, facts.order
        self.root = external_id(*facts.key)
        self.link = books.linked.get(facts.key)
        self.is_ours = self.link is not None and self.link.get("external_id") == self.root
        self.is_booked = self.link is not None and not books.is_afresh
        self.life: Life | None = None

    def rows(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of `out_netsuite_documents`, and add those of the lines."""
        left_alone = self._left_alone()
        if left_alone:
            action, code, told = left_alone
            return [self._row(0, action_code=action, reason_code=code, reason=told)]
        made: list[dict[str, Any]] = []
        try:
            for step, row in enumerate(self._steps(lines)):
                made.append(row | {"step_count": step})
        except Refusal as refusal:
            reason = {"reason_code": refusal.code, "reason": refusal.told}
            aside = self._row(len(made), action_code="set_aside", **reason)
            made.append(aside if not made else aside | {"external_id": f"{self.root}-ASIDE"})
        return made

    def _left_alone(self) -> tuple[str, str | None, str] | None:
        """Return the action for orders of which nothing is written, or None."""
        order, contract = self.order, self.books.contract
        if self.facts.key in self.books.dismissed:
            return "skip", "dismissed", "a person dismissed it; truecount quarantine release takes it back"
        is_followed = contract.orders.follow_to != "order" or self.books.is_afresh
        if self.link is not None and not (self.is_ours and is_followed):
            return "adopt", None, f"NetSuite has it as transaction {self.link['transaction_id_netsuite']}"
        if any(value in self.books.ambiguous for value in (order["name"], self.root, self.facts.number)):
            return "set_aside", "ambiguous_link", f"several NetSuite documents match order {order['name']}; link one by hand"
        if order["is_test"] == "true":
            return "skip", "test_order", "a test order is never booked"
        if not self.is_ours and order["cancelled_at_utc"] and not self.facts.shipments:
            return "skip", "cancelled", "cancelled before anything was handed over, and NetSuite never had it"
        return None if self.facts.lines else ("skip", "no_lines", "the order has no lines")

    def _steps(self, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        contract, facts = self.books.contract, self.facts
        self._check_currency()
        check_order(facts)
        record_type = self._record_type()
        tips = frozenset(sale.line_id for sale in facts.sales if sale.line_type == "TIP" and sale.line_id)
        self.life = life = live(facts, is_cash_sale=record_type == "cashSale", unshippable=tips)
        yield from self._customer()
        steps = Steps(facts, life, self.books, record_type, self.root)
        if record_type == "cashSale":
            yield from self._cash_sales(life, steps, lines)
        else:
            yield from self._sales_order(life, lines)
        if contract.orders.follow_to != "order":
            if contract.orders.follow_to == "settlement":
                check_tenders(facts)
            for step in steps.follow():
                if step.external_id not in self.books.known:
                    yield self._step_row(step)
            check_bills(facts, life)

    def _sales_order(self, life: Life, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        wanted = order_lines(self.facts, life, self.books)
        whole = sum((account.money for account in life.accounts.values()), Money())
        details = tax_details(self.facts, whole, self.books)
        check_lines(self.facts, wanted, life.kept_total, whole.tax if details else ZERO)
        if not wanted and self.link is None:
            yield self._row(
                0, action_code="skip", reason_code="nothing_left", reason="everything was taken off before it was booked"
            )
            return
        body = self._header("salesOrder", None) | details
        body["orderStatus"] = {"id": "A" if self.books.contract.orders.initial_status == "pending_approval" else "B"}
        if self.is_booked:
            body = {"externalId": self.root} | details
        body["item"] = {"items": [line.body() for line in wanted]}
        lines += _line_rows(self.root, wanted)
        action = "revise" if self.is_booked else "create"
        yield self._body_row(self.root, action, "salesOrder", body, whole)

    def _cash_sales(self, life: Life, steps: Steps, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the cash sale, and one of its own for each later event at the till that sold more (an exchange)."""
        till = self.order["retail_location_id_shopify"]
        place = self.books.place(self.facts.key[0], till, f"order {self.order['name']}")
        rounding = sum((tender.rounding for tender in self.facts.tenders if tender.amount > 0), ZERO)
        bills = [event for event in life.events if isinstance(event, Bill)]
        for number, bill in enumerate(bills):
            name = self.root if number == 0 else f"{self.root}-E{number_of(bill.event_id)}"
            if number == 0 and rounding:
                bill = Bill(bill.event_id, bill.at, None, {**bill.parts, "ROUNDING": (0, Money(rounding))})  # noqa: PLW2901
            if any(units < 0 for units, _ in bill.parts.values()):
                told = f"order {self.order['name']}: an edit took units off a cash sale; book it by hand"
                raise Refusal("edited_cash_sale", told)
            steps.sold_on |= dict.fromkeys(bill.parts, name)
            wanted = bill_lines(self.facts, bill, till, self.books)
            whole = sum((money for _, money in bill.parts.values()), Money())
            details = tax_details(self.facts, whole, self.books)
            check_lines(self.facts, wanted, bill.total, whole.tax if details else ZERO)
            is_known = name in self.books.known or (number == 0 and self.is_booked)
            if not is_known:
                body = self._header("cashSale", place) | details | {"externalId": name, "tranDate": bill.day}
                items = [
                    line.body() | {"location": {"id": place}} | handed_over(self.facts, self.books, line, place) for line in wanted
                ]
                body["item"] = {"items": items}
                lines += _line_rows(name, wanted)
                yield self._body_row(name, "create", "cashSale", body, whole)

    def _record_type(self) -> str:
        """Return cashSale for a till sale that is paid and handed over there, else salesOrder; once written it stays."""
        if self.link is not None:
            return _RECORD_OF_TYPE.get(str(self.link.get("transaction_type")), "salesOrder")
        till = self.order["retail_location_id_shopify"]
        is_paid = self.order["financial_status"] in _PAID and Decimal(self.order["outstanding_amount"] or 0) <= 0
        is_till = self.order["source_name"] in self.books.contract.orders.till_sources
        handed = {made.location_id for made in self.facts.shipments}
        is_handed = bool(self.facts.shipments) and handed == {till} and not any(self.facts.open_units.values())
        return (
            "cashSale"
            if is_till and till and is_paid and is_handed and (self.facts.key[0], till) in self.books.places
            else "salesOrder"
        )

    def _check_currency(self) -> None:
        account = self.books.contract.account
        code = self.order["currency_code"]
        if code not in (account.currency_code, *account.currencies):
            told = f"order {self.order['name']} is in {code}, the account in {account.currency_code}; add it to account.currencies"
            raise Refusal("unmapped_currency", told)

    def _entity(self) -> str | None:
        """Return the external id of the buyer's own customer; None where the shop's is booked on."""
        orders, order = self.books.contract.orders, self.order
        if orders.customers == "own" and order["customer_id_shopify"]:
            return f"SHOPCUST-{self.facts.key[0]}-{number_of(order['customer_id_shopify'])}"
        if orders.guests == "own" and not order["customer_id_shopify"] and order["customer_email"]:
            digest = hashlib.sha256(str(order["customer_email"]).lower().encode()).hexdigest()[:16]
            return f"SHOPCUST-{self.facts.key[0]}-G{digest}"
        return None

    def _customer(self) -> Iterator[dict[str, Any]]:
        name = self._entity()
        if name is None or name in self.books.known:
            return
        email = self.order["customer_email"]
        body: dict[str, Any] = {"externalId": name, "companyName": email or name}
        body |= {"email": email} if email else {}
        subsidiary = self.books.contract.account.subsidiary_id
        body |= {"subsidiary": {"id": subsidiary}} if subsidiary else {}
        body |= self._fields("customer")
        yield self._body_row(name, "create", "customer", body, Money())

    def _fields(self, level: str) -> dict[str, Any]:
        """Return the custom fields of a level.

        Raises:
            Refusal: one that is required is missing, or a value has no place in NetSuite.
        """
        values, problems = map_fields(level, self.order, None, self.books.contract)
        for problem in problems:
            raise Refusal(problem.reason_code, f"order {self.order['name']}: {problem.told}")
        return values

    def _header(self, record_type: str, place: str | None) -> dict[str, Any]:
        contract = self.books.contract
        body: dict[str, Any] = {
            "externalId": self.root,
            "entity": {"$entity": True},
            "tranDate": str(self.order["created_at_utc"])[:10],
        }
        body |= {"otherRefNum": self.order["name"], **self._fields("body")}
        if contract.account.subsidiary_id:
            body["subsidiary"] = {"id": contract.account.subsidiary_id}
        if self.order["currency_code"] != contract.account.currency_code:
            body["currency"] = {"id": contract.account.currencies[self.order["currency_code"]]}
        return body | ({"location": {"id": place}} if record_type == "cashSale" else {})

    def _filled(self, body: Any) -> Any:
        """Return a body with its customer filled in: the shop's id, or a reference to the buyer's own."""
        if isinstance(body, dict):
            if body.get("$entity"):
                name = self._entity()
                return {"id": {"$ref": name} if name else self.books.contract.shop(self.facts.key[0]).customer_id}
            return {key: self._filled(value) for key, value in body.items()}
        return [self._filled(value) for value in body] if isinstance(body, list) else body

    def _step_row(self, step: Step) -> dict[str, Any]:
        action = "create" if step.source_external_id is None else "transform"
        row = self._body_row(step.external_id, action, step.record_type, step.body, step.money)
        return row | {"source_external_id": step.source_external_id, "source_record_type": step.source_record_type}

    def _body_row(self, name: str, action: str, record_type: str, body: Mapping[str, Any], money: Money) -> dict[str, Any]:
        filled = self._filled(dict(body))
        payload = json.dumps(filled, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(json.dumps(filled, sort_keys=True).encode()).hexdigest()
        row = self._row(0, action_code=action, record_type=record_type, payload=payload, payload_hash=digest)
        taxes = {title: str(amount) for title, amount in money.taxes.items() if amount}
        row |= {"taxes": json.dumps(taxes, ensure_ascii=False) if taxes else None}
        row |= {"transaction_date": body.get("tranDate", row["transaction_date"]), "gateway": body.get("memo")}
        return row | {"external_id": name, "total_amount": money.total}

    def _row(self, step: int, **more: Any) -> dict[str, Any]:
        blank = dict.fromkeys(
            ("record_type", "source_external_id", "source_record_type", "reason_code", "reason", "payload", "payload_hash")
        ) | {"taxes": None, "gateway": None}
        return {
            "external_id": self.root,
            "shop_code": self.facts.key[0],
            "order_id_shopify": self.facts.key[1],
            "order_name": self.order["name"],
            "step_count": step,
            "total_amount": Decimal(self.order["total_amount"] or 0),
            "currency_code": self.order["currency_code"],
            "transaction_date": str(self.order["created_at_utc"])[:10],
            **blank,
            **more,
        }


def _line_rows(name: str, lines: list[Line]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        yield {
            "external_id": name,
            "line_number": str(number),
            "order_line_id_shopify": line.order_line_id,
            "item_id_netsuite": line.item_id,
            "location_id_netsuite": line.location_id,
            "quantity_qty": line.units,
            "line_amount": line.amount,
            "line_kind": line.kind,
        }
