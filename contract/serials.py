"""The contract's section `serials`: where serial and lot numbers stand, what they look like, what may be done with them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contract.base import Model, Whole

MetafieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{2,255}\.[A-Za-z0-9_-]{2,64}$")]


class SerialSource(Model):
    """One place where Shopify carries numbers of an order's units."""

    source: str = Field(
        description="`line.property.KEY`: of that line. `variant.metafield.NAMESPACE.KEY`: of every line of that variant (a "
        "one-of-a-kind one). `order.metafield.NAMESPACE.KEY`: JSON of line id to a list of numbers. `order.attribute.KEY`, "
        "`order.note`, `order.tags`: of the order, told to its lines by the formats. `refund.note` (in `returned` only): of that "
        "refund, told to its lines by the formats."
    )
    pattern: str | None = Field(
        default=None, description="What a number looks like inside the text (a regular expression; its first group, if it has one)."
    )
    separators: str = Field(default=",;|\n", description="The characters between numbers, where no pattern is given.")


class SerialFormat(Model):
    """What the numbers of some items look like."""

    skus: Annotated[tuple[str, ...], Field(min_length=1)] = Field(description="`*` stands for any characters.")
    pattern: str = Field(default=r".+", description="A regular expression of the whole number, in capitals and without its prefix.")
    prefixes: tuple[str, ...] = Field(default=(), description="What scanners put before a number, and is no part of it: `S/N:`.")
    check_digit: Literal["none", "luhn", "gs1"] = Field(
        default="none", description="How the last digit follows from those before it: `luhn` (IMEI), `gs1` (EAN, SSCC)."
    )


class Serials(Model):
    """Serial and lot numbers: empty where no item has any."""

    sources: tuple[SerialSource, ...] = Field(default=(), description="Where orders name the numbers of the units sold.")
    returned: tuple[SerialSource, ...] = Field(
        default=(), description="Where staff or the point of sale write which numbers came back, the first return's first."
    )
    formats: tuple[SerialFormat, ...] = ()
    repair: Literal["suggest", "certain"] = Field(
        default="suggest", description="`certain`: a number that can mean one unit only is taken for it, and the log says so."
    )
    assign: Literal["none", "fifo", "fefo"] = Field(
        default="none",
        description="Numbers of a fulfilment that names none: received first (fifo) or expiring first (fefo) goes first.",
    )
    metafield: MetafieldName | None = Field(
        default=None,
        description="Order metafield, `namespace.key` of type json, that is told which numbers left with which line; no "
        "source of numbers.",
    )
    expires_within_days: Whole = Field(
        default=0, description="A lot is no longer sold so many days before it expires (0: until the day it expires)."
    )

    @property
    def names_any(self) -> bool:
        """Whether orders name numbers at all: of the units sold, or of those that came back."""
        return bool(self.sources or self.returned)
