"""An order's life, played again from its first event: what is kept, shipped, billed, given back and paid, to the cent.

Everything is a function of what Shopify says happened and when, so that a document written long after its event holds
what one written at once would have held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.money import ZERO, Money
from domain.order_facts import OrderFacts, Sale, Shipment, Tender, number_of

CHARGES = ("SHIPPING", "DUTY", "ADDITIONAL_FEE", "FEE", "ADJUSTMENT", "UNKNOWN", "ROUNDING")
"""Line types of sales that belong to no order line; cash rounding is ours."""
Part = tuple[int, Money]


@dataclass(frozen=True)
class Bill:
    """What is billed at one event: units and money by line or charge."""

    event_id: str
    at: str
    shipment: Shipment | None
    parts: Mapping[str, Part]

    @property
    def day(self) -> str:
        """The day of the event, UTC."""
        return self.at[:10]

    @property
    def total(self) -> Decimal:
        """What the buyer owes for it."""
        return sum((money.total for _, money in self.parts.values()), ZERO)


@dataclass(frozen=True)
class Credit:
    """What one refund gave back of what was billed: goods put back, by line and location, goods kept, and charges."""

    refund_id: str
    at: str
    returned: Mapping[tuple[str, str | None], Part]
    kept: Mapping[str, Part]
    charges: Mapping[str, Money]

    @property
    def total(self) -> Decimal:
        """What is owed to the buyer."""
        parts = [*(part[1] for part in self.returned.values()), *(part[1] for part in self.kept.values()), *self.charges.values()]
        return sum((money.total for money in parts), ZERO)


@dataclass
class Account:
    """A line's or a charge's running figures."""

    units: int = 0
    money: Money = field(default_factory=Money)
    shipped: int = 0
    billed_units: int = 0
    billed: Money = field(default_factory=Money)


@dataclass
class Life:
    """The order as it stands, and the documents' contents in the order of their events."""

    accounts: dict[str, Account]
    events: list[Bill | Credit | Shipment | Tender]
    removed: Mapping[tuple[str, str], int]

    @property
    def kept_total(self) -> Decimal:
        """What the sales order comes to: all that was sold and not taken off before it left."""
        return sum((account.money.total for account in self.accounts.values()), ZERO)

    @property
    def billed_total(self) -> Decimal:
        """What all invoices come to."""
        return sum((event.total for event in self.events if isinstance(event, Bill)), ZERO)

    @property
    def credited_total(self) -> Decimal:
        """What all credits come to."""
        return sum((event.total for event in self.events if isinstance(event, Credit)), ZERO)

    @property
    def open_units(self) -> int:
        """Units that are still to leave."""
        return sum(account.units - account.shipped for key, account in self.accounts.items() if key not in CHARGES)


def live(facts: OrderFacts, *, is_cash_sale: bool, unshippable: frozenset[str] = frozenset()) -> Life:
    """Return an order's life so far.

    Args:
        facts: the order.
        is_cash_sale: it is billed and handed over when it is placed; nothing of it is invoiced.
        unshippable: lines that never leave (tips): billed with the first invoice.
    """
    life = Life({}, [], _removed_units(facts))
    for kind, event in _timeline(facts):
        if kind == "sales":
            _apply_sales(life, facts, event, is_cash_sale=is_cash_sale, unshippable=unshippable)
        elif kind == "shipment":
            _ship(life, event, is_cash_sale=is_cash_sale)
        else:
            _pay(life, event)
    return life


def _timeline(facts: OrderFacts) -> Iterator[tuple[str, object]]:
    """Yield events by instant; at one instant: what was sold, paid, changed, shipped, given back, paid back."""
    rows: list[tuple[tuple[str, int, int], str, object]] = []
    agreements: dict[str, list[Sale]] = {}
    for sale in facts.sales:
        agreements.setdefault(sale.agreement_id, []).append(sale)
    for place, (key, sales) in enumerate(agreements.items()):
        rank = 4 if sales[0].refund_id else 0 if place == 0 else 2
        rows.append(((sales[0].at, rank, int(number_of(key))), "sales", sales))
    rows += [((made.at, 3, int(number_of(made.id))), "shipment", made) for made in facts.shipments]
    rows += [((one.at, 1 if one.amount > 0 else 5, int(number_of(one.id))), "tender", one) for one in facts.tenders]
    for _, kind, event in sorted(rows, key=lambda row: row[0]):
        yield kind, event


def _apply_sales(life: Life, facts: OrderFacts, sales: object, *, is_cash_sale: bool, unshippable: frozenset[str]) -> None:
    assert isinstance(sales, list)  # noqa: S101 - narrows the timeline's type
    refund_id = sales[0].refund_id
    has_billed = is_cash_sale or any(isinstance(event, Bill) for event in life.events)
    credit = Credit(refund_id or "", sales[0].at, {}, {}, {})
    for sale in sales:
        key = sale.line_id if sale.line_id is not None else sale.line_type
        account = life.accounts.setdefault(key, Account())
        if refund_id is None or (sale.line_id is None and not has_billed):
            account.units += sale.units if sale.line_id is not None else 0
            account.money += sale.money
            account.shipped += sale.units if key in unshippable else 0
        elif sale.line_id is None:
            credit = _with_charge(credit, sale)
        else:
            credit = _take_back(life, facts, credit, sale)
    if credit.returned or credit.kept or credit.charges:
        life.events.append(credit)
    if is_cash_sale and refund_id is None:
        life.events.append(_sold(sales))
    if not is_cash_sale and not life.open_units:
        _bill(life, sales[0].agreement_id, sales[0].at, None)


def _sold(sales: list[Sale]) -> Bill:
    """Return what a till sold at one event: it is billed and handed over at once."""
    parts: dict[str, Part] = {}
    for sale in sales:
        key = sale.line_id if sale.line_id is not None else sale.line_type
        units, money = parts.get(key, (0, Money()))
        parts[key] = (units + (sale.units if sale.line_id is not None else 0), money + sale.money)
    return Bill(sales[0].agreement_id, sales[0].at, None, parts)


def _take_back(life: Life, facts: OrderFacts, credit: Credit, sale: Sale) -> Credit:
    """Take a refund's units off the order as far as they had not left; the rest is credited."""
    line, units = str(sale.line_id), -sale.units
    account = life.accounts[line]
    open_part = min(units, life.removed.get((credit.refund_id, line), 0))
    gone = sale.money.of(open_part, units) if units else sale.money
    account.units -= open_part
    account.money += gone
    rest = units - open_part
    if not rest:
        return credit
    given = -(sale.money - gone)
    back = [one for one in facts.refund_lines if (one.refund_id, one.line_id) == (credit.refund_id, line)]
    if any(one.restock_type == "NO_RESTOCK" for one in back) or not back:
        return Credit(credit.refund_id, credit.at, credit.returned, {**credit.kept, line: (rest, given)}, credit.charges)
    returned, done = dict(credit.returned), 0
    for one in back:
        count = min(one.units, rest - done)
        if count > 0:
            part = given.of(done + count, rest) - given.of(done, rest)
            units_before, money_before = returned.get((line, one.location_id), (0, Money()))
            returned[line, one.location_id] = (units_before + count, money_before + part)
            done += count
    return Credit(credit.refund_id, credit.at, returned, credit.kept, credit.charges)


def _with_charge(credit: Credit, sale: Sale) -> Credit:
    charges = {**credit.charges, sale.line_type: credit.charges.get(sale.line_type, Money()) - sale.money}
    return Credit(credit.refund_id, credit.at, credit.returned, credit.kept, charges)


def _ship(life: Life, event: object, *, is_cash_sale: bool) -> None:
    assert isinstance(event, Shipment)  # noqa: S101
    for key, units in event.units.items():
        if key in life.accounts:
            life.accounts[key].shipped += units
    if not is_cash_sale:
        life.events.append(event)
        _bill(life, event.id, event.at, event)


def _bill(life: Life, event_id: str, at: str, shipment: Shipment | None) -> None:
    """Bill what has left and every charge; a line's last units take what is left of it."""
    parts: dict[str, Part] = {}
    for key, account in life.accounts.items():
        is_charge = key in CHARGES
        due = (
            account.money
            if is_charge or not account.units
            else account.money.of(min(account.shipped, account.units), account.units)
        )
        units, money = (0 if is_charge else account.shipped - account.billed_units), due - account.billed
        if units > 0 or (is_charge and any((money.total, money.discount, *money.taxes.values()))):
            parts[key] = (units, money)
            account.billed_units += max(units, 0)
            account.billed += money
    if parts:
        life.events.append(Bill(event_id, at, shipment, parts))


def _pay(life: Life, event: object) -> None:
    assert isinstance(event, Tender)  # noqa: S101
    if event.rounding:
        account = life.accounts.setdefault("ROUNDING", Account())
        account.money += Money(event.rounding)
    life.events.append(event)


def _removed_units(facts: OrderFacts) -> dict[tuple[str, str], int]:
    """Return the units that each refund took off before they had left, by refund and line.

    CANCEL takes open units and RETURN shipped ones; NO_RESTOCK either: how many were open follows from what was sold,
    edited away, shipped and is still open.
    """
    removed: dict[tuple[str, str], int] = {}
    for line in facts.lines:
        sold = sum(sale.units for sale in facts.sales if sale.line_id == line and sale.refund_id is None)
        left = sum(made.units.get(line, 0) for made in facts.shipments)
        still = sum(units for (key, _), units in facts.open_units.items() if key == line)
        mine = [one for one in facts.refund_lines if one.line_id == line]
        cancelled = sum(one.units for one in mine if one.restock_type == "CANCEL")
        unexplained = max(0, sold - left - still - cancelled)
        for one in sorted(mine, key=lambda row: row.at):
            if one.restock_type == "CANCEL":
                count = one.units
            elif one.restock_type == "NO_RESTOCK":
                count = min(one.units, unexplained)
                unexplained -= count
            else:
                count = 0
            if count:
                removed[one.refund_id, line] = removed.get((one.refund_id, line), 0) + count
    return removed
