"""Lines of NetSuite documents: goods by location, discount, tax and charges, each with the item that books it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from contract.models import Contract
from domain.custom_fields import map_fields
from domain.money import ZERO, Money
from domain.order_facts import OrderFacts, Row
from domain.order_life import CHARGES, Bill, Life, Part
from domain.tax_titles import tax_key

_ITEM_KEYS = {
    "SHIPPING": "shipping_item_id",
    "TIP": "tip_item_id",
    "DUTY": "duty_item_id",
    "ADDITIONAL_FEE": "fee_item_id",
    "FEE": "fee_item_id",
    "GIFT_CARD": "gift_card_item_id",
    "CUSTOM": "custom_item_id",
    "ROUNDING": "rounding_item_id",
    "ADJUSTMENT": "adjustment_item_id",
    "UNKNOWN": "adjustment_item_id",
    "ALLOWANCE": "allowance_item_id",
    "DISCOUNT": "discount_item_id",
}


class Refusal(Exception):  # noqa: N818 - an outcome of one order, told as a row
    """What stops an order, or the rest of it: a reason code, and a sentence with the field, value and what to do."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code, self.told = code, told


@dataclass(frozen=True)
class Leaving:
    """Units of an order's line that leave a place.

    Args:
        what: the document, for messages.
        line: `SHOP/number` of the order, the line's number, the SKU.
        units: how many leave.
        place: the NetSuite location that they leave.
        before: how many of the line left before.
        before_at_place: how many of the order's units of the SKU left this place before, with other lines too.
        before_in_shipment: how many of them with this very shipment.
        tracking: the carrier's numbers of the shipment.
    """

    what: str
    line: tuple[str, str, str]
    units: int
    place: str
    before: int = 0
    before_at_place: int = 0
    before_in_shipment: int = 0
    tracking: tuple[str, ...] = ()


class Issuer(Protocol):
    """Where the serial and lot numbers of documents come from (`domain.serial_assignment.Numbers`)."""

    def issue(self, leaving: Leaving) -> dict[str, Any]:
        """Return what a line that ships carries."""

    def members_of(self, sku: str) -> Sequence[tuple[str, int]]:
        """Return the numbered members of a kit, each with how many it holds."""

    def receive(self, what: str, line: tuple[str, str, str], units: int) -> dict[str, Any]:
        """Return what a line that comes back carries."""


@dataclass(frozen=True)
class Books:
    """What orders are looked up in."""

    contract: Contract
    item_of_sku: Mapping[str, str]
    places: Mapping[tuple[str, str], str]
    linked: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    known: Mapping[str, str] = field(default_factory=dict)
    echoes: frozenset[str] = frozenset()
    dismissed: frozenset[tuple[str, str]] = frozenset()
    numbers: Issuer | None = None
    is_afresh: bool = False

    def charge_item(self, kind: str, name: str) -> str:
        """Return the NetSuite item that books a kind of amount.

        Raises:
            Refusal: the contract names none.
        """
        key = _ITEM_KEYS[kind]
        item = getattr(self.contract.orders.items, key)
        if item is None:
            raise Refusal("missing_item", f"{name} has an amount of kind {kind.lower()}; add orders.items.{key} to the contract")
        return str(item)

    def place(self, shop_code: str, gid: str | None, name: str) -> str:
        """Return the NetSuite location of a Shopify location; the shop's unrouted one where there is none yet.

        Raises:
            Refusal: no location of the contract has it.
        """
        code = self.places.get((shop_code, gid)) if gid else self.contract.shop(shop_code).unrouted_location
        if code is None:
            raise Refusal("unmapped_location", f"{name}: location {gid} is in no entry of the contract's locations; add it")
        return next(x.netsuite_locations[0] for x in self.contract.locations if x.location_code == code)


@dataclass(frozen=True)
class Line:
    """One line: its item, units and amount (two decimals, below zero for a discount), and what it is of."""

    kind: str
    item_id: str
    units: int
    amount: Decimal
    location_id: str | None = None
    order_line_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return it as NetSuite takes it. A number of two decimals is exact in JSON's doubles to the cent."""
        told: dict[str, Any] = {"item": {"id": self.item_id}, "quantity": self.units, "rate": float(self.amount / self.units)}
        told["amount"] = float(self.amount)
        if self.location_id:
            told["location"] = {"id": self.location_id}
        return {**told, **self.fields}


def kind_of_line(facts: OrderFacts, line_id: str, books: Books) -> str:
    """Return what books a line: GOODS, GIFT_CARD, TIP, CUSTOM.

    Raises:
        Refusal: its SKU is no stock item.
    """
    types = {sale.line_type for sale in facts.sales if sale.line_id == line_id}
    for kind in ("TIP", "GIFT_CARD"):
        if kind in types or (kind == "GIFT_CARD" and facts.lines.get(line_id, {}).get("is_gift_card") == "true"):
            return kind
    row = facts.lines[line_id]
    name = f"order {facts.order['name']} line {row['title']!r}"
    if row["sku"] is None:
        if books.contract.orders.items.custom_item_id is None:
            told = f"{name} has no SKU (a custom line, or a variant without one); give it one, or add orders.items.custom_item_id"
            raise Refusal("no_sku", told)
        return "CUSTOM"
    if row["sku"] not in books.item_of_sku:
        raise Refusal(
            "unmapped_sku", f"{name}: SKU {row['sku']} is no stock item or kit in NetSuite, or is there twice; create or mend it"
        )
    return "GOODS"


def order_lines(facts: OrderFacts, life: Life, books: Books) -> list[Line]:
    """Return the lines of an order's sales order as it stands: kept units at their locations, and what they come to."""
    found: list[Line] = []
    for key, account in life.accounts.items():
        if key in CHARGES or not account.units:
            continue
        places = _places(facts, key, account.units)
        done = 0
        for gid, units in places.items():
            money = account.money.of(done + units, account.units) - account.money.of(done, account.units)
            done += units
            found.append(unit_line(facts, key, (units, money), gid, books))
    parts = {key: (account.units, account.money) for key, account in life.accounts.items()}
    return [*found, *sum_lines(facts, parts, books)]


def bill_lines(facts: OrderFacts, bill: Bill, place: str | None, books: Books) -> list[Line]:
    """Return the lines of what is billed at one event, its goods from one Shopify location."""
    units = [unit_line(facts, key, part, place, books) for key, part in bill.parts.items() if key not in CHARGES]
    return [*units, *sum_lines(facts, bill.parts, books)]


def unit_line(facts: OrderFacts, line_id: str, part: Part, place: str | None, books: Books) -> Line:
    """Return the line of some units of an order line, at a Shopify location where it is goods."""
    kind, row = kind_of_line(facts, line_id, books), facts.lines[line_id]
    name = f"order {facts.order['name']} line {row['title']!r}"
    values, problems = map_fields("line", facts.order, row, books.contract)
    for problem in problems:
        # A tip or a custom line has no SKU, so that a field required of goods is not required of it.
        if kind == "GOODS" or problem.reason_code != "missing_required_field":
            raise Refusal(problem.reason_code, f"{name}: {problem.told}")
    values[books.contract.account.line_id_field] = line_id
    units, money = part
    if kind != "GOODS":
        return Line(kind.lower(), books.charge_item(kind, name), units, money.gross, None, line_id, values)
    location = books.place(facts.key[0], place, name)
    return Line("goods", books.item_of_sku[row["sku"]], units, money.gross, location, line_id, values)


def sum_lines(facts: OrderFacts, parts: Mapping[str, Part], books: Books) -> Iterator[Line]:
    """Yield discount, charges and tax of some parts; discount and tax hold as many units as the goods, to be billed by them."""
    name = f"order {facts.order['name']}"
    units = max(1, sum(count for key, (count, _) in parts.items() if key not in CHARGES))
    whole = sum((money for _, money in parts.values()), Money())
    charged = sum((money.discount for key, (_, money) in parts.items() if key in CHARGES), ZERO)
    if whole.discount != charged:
        yield Line("discount", books.charge_item("DISCOUNT", name), units, charged - whole.discount)
    for key in CHARGES:
        money = parts[key][1] if key in parts else Money()
        if money.net:
            yield Line(key.lower(), books.charge_item(key, name), 1, money.net)
    yield from tax_lines(whole, units, books)


def tax_lines(money: Money, units: int, books: Books) -> Iterator[Line]:
    """Yield the tax of some money as lines, one for each item that books titles of it; none where SuiteTax details book it."""
    if books.contract.orders.tax != "item_line":
        return
    amounts: dict[str, Decimal] = {}
    for title, amount in money.taxes.items():
        item = tax_key(title, books.contract)
        amounts[item] = amounts.get(item, ZERO) + amount
    yield from (Line("tax", item, units, amount) for item, amount in amounts.items() if amount)


def tax_details(facts: OrderFacts, money: Money, books: Books) -> dict[str, Any]:
    """Return a body's SuiteTax override, or nothing where the contract books tax as a line.

    Raises:
        Refusal: the contract has no tax code for a title.
    """
    if books.contract.orders.tax != "suitetax":
        return {}
    rows = []
    for title, amount in money.taxes.items():
        code = books.contract.orders.tax_codes.get(title)
        if code is None and amount:
            told = f"order {facts.order['name']}: tax {title!r} of {amount} is not in orders.tax_codes; add its code and type"
            raise Refusal("unmapped_tax_title", told)
        if code is not None and amount:
            row = {"taxCode": {"id": code.tax_code_id}, "taxType": {"id": code.tax_type_id}, "taxAmount": float(amount)}
            rows.append(row | {"taxBasis": float(money.net)})
    return {"taxDetailsOverride": True, "taxDetails": {"items": rows}}


def _places(facts: OrderFacts, line_id: str, units: int) -> dict[str | None, int]:
    """Return a line's kept units by Shopify location: shipped there, or to be shipped from there; None where not routed."""
    found: dict[str | None, int] = {}
    for made in facts.shipments:
        if made.units.get(line_id):
            found[made.location_id] = found.get(made.location_id, 0) + made.units[line_id]
    for (key, place), count in facts.open_units.items():
        if key == line_id:
            found[place] = found.get(place, 0) + count
    rest = units - sum(found.values())
    if rest < 0:
        told = f"order {facts.order['name']}: {-rest} units of line {line_id} too many have left or are routed; read it again"
        raise Refusal("units_differ", told)
    return {**found, None: found.get(None, 0) + rest} if rest else found
