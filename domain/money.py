"""Money in parts: what some units of a line are worth, to the cent, so that the parts always add up to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
_CENT = Decimal("0.01")


def share(amount: Decimal, units: int, whole: int) -> Decimal:
    """Return what the first `units` of `whole` are worth, rounded half up to the cent (half away from zero).

    >>> [share(Decimal("50.00"), n, 3) for n in range(4)]
    [Decimal('0.00'), Decimal('16.67'), Decimal('33.33'), Decimal('50.00')]
    """
    return (amount * units / whole).quantize(_CENT, ROUND_HALF_UP) if units != whole else amount


@dataclass(frozen=True)
class Money:
    """What the buyer pays (`total`, discounts off, taxes in), and the discount and taxes by title that are in it.

    `holds_tax`: prices hold the tax, so that a part is rounded with it; else the net and the taxes are rounded apart.
    """

    total: Decimal = ZERO
    discount: Decimal = ZERO
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    holds_tax: bool = False

    @property
    def tax(self) -> Decimal:
        """All taxes together."""
        return sum(self.taxes.values(), ZERO)

    @property
    def net(self) -> Decimal:
        """After discounts, without taxes."""
        return self.total - self.tax

    @property
    def gross(self) -> Decimal:
        """Before discounts, without taxes."""
        return self.net + self.discount

    def __add__(self, other: Money) -> Money:
        titles = dict.fromkeys([*self.taxes, *other.taxes])
        taxes = {title: self.taxes.get(title, ZERO) + other.taxes.get(title, ZERO) for title in titles}
        return Money(self.total + other.total, self.discount + other.discount, taxes, self.holds_tax or other.holds_tax)

    def __neg__(self) -> Money:
        return Money(-self.total, -self.discount, {title: -amount for title, amount in self.taxes.items()}, self.holds_tax)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def of(self, units: int, whole: int) -> Money:
        """Return what the first `units` of `whole` are worth."""
        taxes = {title: share(amount, units, whole) for title, amount in self.taxes.items()}
        tax = sum(taxes.values(), ZERO)
        total = share(self.total, units, whole) if self.holds_tax else share(self.net, units, whole) + tax
        return Money(total, share(self.discount, units, whole), taxes, self.holds_tax)
