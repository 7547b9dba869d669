"""The contract's partners (3PLs): where each tells what it holds and what has left, and how its figures are to be read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contract.base import Code, Model, Whole


class PartnerColumns(Model):
    """What a partner calls each column of its snapshot."""

    sku: str
    on_hand: str
    in_transit: str | None = None
    due_date: str | None = None
    as_of: str | None = Field(default=None, description="The instant of the count; the file's own where left out.")


class ShipmentColumns(Model):
    """What a partner calls each column of its shipment notices."""

    notice: str = Field(description="The notice's own id; its lines are one document, whole in every file that holds any.")
    order: str = Field(description="The order's name, or its external id in NetSuite (SHOPIFY-SHOP-NUMBER).")
    sku: str
    number: str = Field(description="A serial or lot number; several serials with commas, semicolons or bars between.")
    quantity: str = Field(description="The units that left; 0 takes the line back.")
    shipped_at: str
    tracking: str | None = Field(default=None, description="The carrier's tracking number.")


class PartnerShipments(Model):
    """Where a partner tells which serials and lots have left."""

    url: str = Field(description="A path, an fsspec URL, or an https:// endpoint that answers JSON.")
    format: Literal["csv", "json"] = "csv"
    rows_path: str = Field(default="", description="Where the list of rows is in a JSON answer, with dots.")
    columns: ShipmentColumns


class Partner(Model):
    """A partner (3PL) that holds stock at one of our locations: there its snapshot is the one source of what is on hand."""

    partner_code: Code
    location: Code
    skus: tuple[str, ...] = Field(default=("*",), description="The SKUs that it holds; `*` stands for any characters.")
    url: str = Field(description="A path, an fsspec URL, or an https:// endpoint that answers JSON.")
    format: Literal["csv", "json"] = "csv"
    rows_path: str = Field(default="", description="Where the list of rows is in a JSON answer, with dots.")
    columns: PartnerColumns
    time_zone: str = Field(default="UTC", description="Of instants without an offset.")
    nets_orders: bool = Field(
        default=False, description="Whether its figure is less the orders that it was sent (up to the cut-off)."
    )
    cut_off_minutes: Whole = Field(default=0, description="How long before the snapshot an order must have been sent to be netted.")
    includes_in_transit: bool = Field(default=False, description="Whether its figure holds units on their way to it.")
    max_age_minutes: Annotated[int, Field(ge=1)] = Field(
        description="An older snapshot counts only as far as NetSuite has the units too."
    )
    shipments: PartnerShipments | None = Field(
        default=None, description="Its shipment notices, where it sends any: which serials and lots left, by its word."
    )
