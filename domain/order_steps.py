"""The documents that follow an order: fulfilments, invoices, returns, credits, payments, refunds, in the order of their events.

A body may name another document by `{"$ref": external id}`, a line of its source by `"$line": [order line, location, item]` and
the member of a kit on that line by `"$member": item`: all are looked up when it is written, because NetSuite gives the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from domain.money import Money
from domain.order_facts import OrderFacts, Shipment, Tender, number_of
from domain.order_life import CHARGES, Bill, Credit, Life
from domain.order_lines import Books, Line, Refusal, bill_lines, kind_of_line, sum_lines, tax_details, tax_lines, unit_line
from domain.order_numbers import returned, shipped

LEVELS = ("order", "fulfillment", "invoice", "settlement")


@dataclass(frozen=True)
class Step:
    """One document to make: of what, with which body, and what it comes to."""

    external_id: str
    record_type: str
    source_external_id: str | None
    source_record_type: str | None
    body: Mapping[str, Any]
    money: Money = field(default_factory=Money)


@dataclass
class _Purse:
    """What is open on the documents made so far, as NetSuite applies it: deposits pay invoices, the oldest first."""

    deposits: dict[str, Decimal] = field(default_factory=dict)
    invoices: dict[str, Decimal] = field(default_factory=dict)
    credits: dict[str, Decimal] = field(default_factory=dict)

    def bill(self, external_id: str, amount: Decimal) -> None:
        self.invoices[external_id] = amount
        for key, held in self.deposits.items():
            used = min(held, self.invoices[external_id])
            self.deposits[key] -= used
            self.invoices[external_id] -= used


class Steps:
    """The steps of one order.

    Args:
        facts: the order.
        life: its life.
        books: what it is looked up in.
        record_type: salesOrder or cashSale.
        root: the external id of that document.
    """

    def __init__(self, facts: OrderFacts, life: Life, books: Books, record_type: str, root: str) -> None:
        self.facts, self.life, self.books = facts, life, books
        self.record_type, self.root = record_type, root
        self.level = LEVELS.index(books.contract.orders.follow_to)
        self.purse = _Purse()
        self.sold_on: dict[str, str] = {}
        self.returned: dict[tuple[str, str | None], int] = {}

    def follow(self) -> Iterator[Step]:
        """Yield the steps after the order's own document, oldest first.

        Raises:
            Refusal: an event cannot be booked; the steps before it can.
        """
        for event in self.life.events:
            if isinstance(event, Shipment) and self.level >= 1:
                yield from self._fulfil(event)
            elif isinstance(event, Bill) and self.record_type == "salesOrder" and self.level >= 2:
                yield self._invoice(event)
            elif isinstance(event, Credit) and self.level >= 2:
                yield from self._credit(event)
            elif isinstance(event, Tender) and self.record_type == "salesOrder" and self.level >= 3:
                yield from self._pay(event) if event.amount > 0 else self._pay_back(event)

    def _name(self, kind: str, gid: str, *more: str) -> str:
        return "-".join((kind, self.facts.key[0], number_of(gid), *more))

    def _common(self, external_id: str, at: str) -> dict[str, Any]:
        return {"externalId": external_id, "tranDate": at[:10], "otherRefNum": self.facts.order["name"]}

    def _fulfil(self, made: Shipment) -> Iterator[Step]:
        if made.id in self.books.echoes:
            return
        goods = {key: units for key, units in made.units.items() if kind_of_line(self.facts, key, self.books) == "GOODS"}
        if not goods:
            return
        name = self._name("SHOPFUL", made.id)
        place = self.books.place(self.facts.key[0], made.location_id, f"order {self.facts.order['name']} fulfilment {made.id}")
        rows = []
        for key, units in goods.items():
            line, *members = self._issued(name, made, key, place)
            base = {"$line": [key, place, None], "itemReceive": True, "quantity": units, "location": {"id": place}}
            rows += [base | line, *members]
        packages = [{"packageTrackingNumber": row["number"]} for row in made.tracking if row.get("number")]
        body: dict[str, Any] = {"externalId": name, "tranDate": made.at[:10], "shipStatus": {"id": "C"}}
        body |= {"package": {"items": packages}} if packages else {}
        yield Step(name, "itemFulfillment", self.root, "salesOrder", {**body, "item": {"items": rows}})

    def _issued(self, name: str, made: Shipment, key: str, place: str) -> Iterator[dict[str, Any]]:
        """Yield the numbers of a line that ships, then a line for each numbered member of a kit."""
        is_known = self.books.numbers is None or name in self.books.known
        yield from [{}] if is_known else shipped(self.facts, self.books, made, key, place)

    def _invoice(self, bill: Bill) -> Step:
        name = self._name("SHOPINV", bill.event_id, *(() if bill.shipment else ("A",)))
        place = bill.shipment.location_id if bill.shipment else None
        lines = bill_lines(self.facts, bill, place, self.books)
        has_units = any(units for units, _ in bill.parts.values())
        is_first = not self.purse.invoices
        rows = [self._taken(line) if has_units or is_first else line.body() for line in lines]
        if has_units and not is_first:
            rows = [line.body() if line.kind.upper() in CHARGES else self._taken(line) for line in lines]
        self.purse.bill(name, bill.total)
        whole = sum((money for _, money in bill.parts.values()), Money())
        body = self._common(name, bill.at) | tax_details(self.facts, whole, self.books) | {"item": {"items": rows}}
        return Step(name, "invoice", self.root, "salesOrder", body, whole)

    def _taken(self, line: Line) -> dict[str, Any]:
        """Return a line as part of the source document's line that it is taken of."""
        key = [line.order_line_id, line.location_id, None if line.order_line_id else line.item_id]
        return {"$line": key, "quantity": line.units, "rate": float(line.amount / line.units), "amount": float(line.amount)}

    def _credit(self, credit: Credit) -> Iterator[Step]:
        memo = "creditMemo" if self.record_type == "salesOrder" else "cashRefund"
        name = self._name("SHOPCM", credit.refund_id)
        rest = self._rest_of_credit(credit)
        body = self._common(name, credit.at)
        self.purse.credits[name] = credit.total
        returned = sum((part[1] for part in credit.returned.values()), Money())
        whole = returned + _rest_of(credit)
        body |= tax_details(self.facts, whole, self.books)
        if not credit.returned:
            lines = {"item": {"items": rest}}
            yield Step(name, memo, None, None, {**body, "entity": {"$entity": True}, **lines}, whole)
            return
        rma, source = self._name("SHOPRMA", credit.refund_id), self._source_of(credit)
        goods, receipts = self._returned_lines(credit)
        items = [*goods, *(self._taken(line) for line in self._returned_sums(credit))]
        told = self._common(rma, credit.at) | {"orderStatus": {"id": "B"}, "item": {"items": items}}
        told |= tax_details(self.facts, returned, self.books)
        yield Step(rma, "returnAuthorization", source, self.record_type, told, returned)
        for place, rows in receipts.items():
            receipt = self._name("SHOPRCV", credit.refund_id, place)
            told = {"externalId": receipt, "tranDate": credit.at[:10], "item": {"items": rows}}
            yield Step(receipt, "itemReceipt", rma, "returnAuthorization", told)
        lines = {"item": {"items": rest}} if rest else {}
        yield Step(name, memo, rma, "returnAuthorization", {**body, **lines}, whole)

    def _source_of(self, credit: Credit) -> str:
        """Return the document that the returned goods were sold on: a till's later sales are documents of their own."""
        sold = {self.sold_on.get(line, self.root) for line, _ in credit.returned}
        if len(sold) > 1:
            told = (
                f"order {self.facts.order['name']}: refund {credit.refund_id} returns goods of several cash sales; book it by hand"
            )
            raise Refusal("mixed_return", told)
        return sold.pop()

    def _returned_lines(self, credit: Credit) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
        """Return the lines of a return, each at the location that its units were sold from, and its receipts by location."""
        lines: list[dict[str, Any]] = []
        receipts: dict[str, list[dict[str, Any]]] = {}
        for (line_id, gid), (units, money) in credit.returned.items():
            done = 0
            name = f"order {self.facts.order['name']} refund {credit.refund_id}"
            back = self.books.place(self.facts.key[0], gid, name)
            for place, count in self._sold_from(line_id, units):
                part = money.of(done + count, units) - money.of(done, units)
                done += count
                sold = unit_line(self.facts, line_id, (count, part), place, self.books)
                lines.append(self._taken(sold))
                if sold.kind == "goods":
                    row = {"$line": [line_id, sold.location_id, None], "quantity": count, "location": {"id": back}}
                    row |= self._received(credit, line_id, count, back)
                    receipts.setdefault(back, []).append(row | {"itemReceive": True})
        return _merged(lines), receipts

    def _received(self, credit: Credit, line_id: str, units: int, back: str) -> dict[str, Any]:
        is_known = self.books.numbers is None or self._name("SHOPRCV", credit.refund_id, back) in self.books.known
        return {} if is_known else returned(self.facts, self.books, credit.refund_id, line_id, units)

    def _sold_from(self, line_id: str, units: int) -> Iterator[tuple[str | None, int]]:
        left = units
        shipped: dict[str | None, int] = {}
        for made in self.facts.shipments:
            shipped[made.location_id] = shipped.get(made.location_id, 0) + made.units.get(line_id, 0)
        for place, count in shipped.items():
            taken = min(left, count - self.returned.get((line_id, place), 0))
            if taken > 0:
                self.returned[line_id, place] = self.returned.get((line_id, place), 0) + taken
                left -= taken
                yield place, taken
        if left:
            told = f"order {self.facts.order['name']}: {left} units of line {line_id} came back that had not left; read it again"
            raise Refusal("units_differ", told)

    def _returned_sums(self, credit: Credit) -> Iterator[Line]:
        parts = {f"{line}@{place}": part for (line, place), part in credit.returned.items()}
        yield from sum_lines(self.facts, parts, self.books)

    def _rest_of_credit(self, credit: Credit) -> list[dict[str, Any]]:
        """Return what a credit holds beside returned goods: goods that the buyer keeps, charges, and their tax."""
        name = f"order {self.facts.order['name']} refund {credit.refund_id}"
        rows = []
        for line_id, (units, money) in credit.kept.items():
            item = self.books.charge_item("ALLOWANCE", name)
            line = Line("allowance", item, max(units, 1), money.net, None, line_id)
            rows.append(line.body() | {self.books.contract.account.line_id_field: line_id})
        parts = {key: (0, money) for key, money in credit.charges.items()}
        charges = [line for line in sum_lines(self.facts, parts, self.books) if line.kind != "tax"]
        return rows + [line.body() for line in (*charges, *tax_lines(_rest_of(credit), 1, self.books))]

    def _option(self, tender: Tender) -> dict[str, Any]:
        option = self.books.contract.orders.gateways.get(tender.gateway)
        if option is None:
            known = ", ".join(sorted(self.books.contract.orders.gateways))
            told = f"order {self.facts.order['name']}: gateway {tender.gateway!r} is not in orders.gateways ({known}); add it"
            raise Refusal("unmapped_gateway", told)
        return {"paymentOption": {"id": option}}

    def _pay(self, tender: Tender) -> Iterator[Step]:
        """Book a payment: on invoices that are open, else as a deposit on the order."""
        left, option = tender.amount + tender.rounding, self._option(tender)
        for place, (invoice, owed) in enumerate(list(self.purse.invoices.items())):
            amount = min(left, owed)
            if amount > 0:
                name = self._name("SHOPPAY", tender.id, str(place + 1))
                self.purse.invoices[invoice] -= amount
                left -= amount
                body = {"externalId": name, "tranDate": tender.at[:10], "payment": float(amount), "memo": tender.gateway, **option}
                yield Step(name, "customerPayment", invoice, "invoice", body, Money(amount))
        if left > 0:
            name = self._name("SHOPDEP", tender.id)
            self.purse.deposits[name] = left
            body = {"externalId": name, "tranDate": tender.at[:10], "payment": float(left), "memo": tender.gateway, **option}
            body |= {"customer": {"$entity": True}, "salesOrder": {"$ref": self.root}}
            yield Step(name, "customerDeposit", None, None, body, Money(left))

    def _pay_back(self, tender: Tender) -> Iterator[Step]:
        """Book a refund: out of credits, then out of deposits that no invoice has used, each the oldest first.

        The oldest first, so that a credit of the same instant, written later, would not have changed what this one took.
        """
        name, left = self._name("SHOPREF", tender.id), -(tender.amount + tender.rounding)
        body = {"externalId": name, "tranDate": tender.at[:10], "memo": tender.gateway, "customer": {"$entity": True}}
        body |= self._option(tender)
        for sublist, held in (("apply", self.purse.credits), ("deposit", self.purse.deposits)):
            rows = []
            for key in list(held):
                amount = min(left, held[key])
                if amount > 0:
                    held[key] -= amount
                    left -= amount
                    rows.append({"doc": {"id": {"$ref": key}}, "apply": True, "amount": float(amount)})
            body |= {sublist: {"items": rows}} if rows else {}
        if left:
            told = f"order {self.facts.order['name']}: refund {tender.id} gives back {left} more than credits and deposits hold"
            raise Refusal("refund_without_credit", f"{told}; credit it by hand")
        yield Step(name, "customerRefund", None, None, body, Money(-(tender.amount + tender.rounding)))


def _rest_of(credit: Credit) -> Money:
    """Return what a credit gives back beside returned goods: goods that the buyer keeps, and charges."""
    return sum(credit.charges.values(), sum((money for _, money in credit.kept.values()), Money()))


def _merged(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with those of one source line put together: a return takes a line once."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        key = str(line["$line"])
        if key in found:
            whole = found[key]
            amount = Decimal(str(whole["amount"])) + Decimal(str(line["amount"]))
            quantity = whole["quantity"] + line["quantity"]
            found[key] = {**whole, "quantity": quantity, "amount": float(amount), "rate": float(amount / quantity)}
        else:
            found[key] = line
    return list(found.values())
