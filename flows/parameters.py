"""The flows' parameters: what the form in the Prefect UI shows, with its help texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Utc = Annotated[datetime, AfterValidator(lambda at: at if at.tzinfo else at.replace(tzinfo=UTC))]
"""An instant; one without an offset is UTC, whatever the zone of the machine."""
OrderKey = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]+/[0-9]+$")]
"""A shop's code and Shopify's number of an order."""


class PublishParameters(BaseModel):
    """What a run of `publish-inventory` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Read and compute everything, write nothing: no number is published, no feed is written.",
    )
    shadow: bool = Field(
        default=False,
        title="Shadow mode",
        description="Write nothing, and report where the numbers that the shops show now (another connector's) differ from "
        "ours: which would oversell, which would lose sales. Nothing is remembered of a shadow run.",
    )
    publish_to: list[str] = Field(
        default=[],
        title="Shops to publish to",
        description="Shop codes of the contract. Empty: all. Every shop is read in any case, for one sale lowers all.",
    )
    skus: list[str] = Field(
        default=[],
        title="SKUs",
        description="Only these SKUs are read, computed and published, with what they are made of, on the catalogue of the last "
        "run. Empty: all. Feeds and http channels are left to the run over all.",
    )

    @model_validator(mode="after")
    def _check_shadow(self) -> Self:
        if self.shadow and self.skus:
            raise ValueError("shadow mode compares every number: leave the SKUs out")
        return self


class SyncParameters(BaseModel):
    """What a run of `sync-orders` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Read and build every document, write none to NetSuite.",
    )
    since: Utc | None = Field(
        default=None,
        title="Orders updated since",
        description="Read orders updated since this instant (UTC) instead of since the last run. For a backfill.",
    )
    until: Utc | None = Field(
        default=None,
        title="Orders updated before",
        description="With the start above: read orders updated before this instant (UTC), so that a long backfill goes in parts.",
    )
    orders: list[OrderKey] = Field(
        default=[],
        title="Orders",
        description="Only these orders, whenever they were updated: shop code and Shopify's order id (the number at the end of "
        "the order's address in the Shopify admin), for example GROCER/5550001. Empty: all of the window.",
    )

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if self.until and (self.since is None or self.until <= self.since):
            raise ValueError("give both ends of the span, the first before the second")
        if self.orders and self.since:
            raise ValueError("give orders or a span of time, not both")
        return self

    def order_ids(self) -> dict[str, list[str]]:
        """Return the gids of the orders asked for, by shop."""
        found: dict[str, list[str]] = {}
        for key in self.orders:
            shop, _, number = key.partition("/")
            found.setdefault(shop, []).append(f"gid://shopify/Order/{number}")
        return found


class ReconcileParameters(BaseModel):
    """What a run of `reconcile` does. It never writes into either system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(
        default=7, ge=1, le=60, title="Days", description="Orders that Shopify updated in the last so many days are compared."
    )
    notify: bool = Field(
        default=False, title="Notify", description="Tell the blocks of the contract's drift.notify what is new since the last time."
    )


class FieldParameters(BaseModel):
    """What a run of `rewrite-fields` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(default=True, title="Dry run", description="Read and compare, write nothing.")
    days: int = Field(default=7, ge=1, le=60, title="Days", description="Orders that Shopify updated in the last so many days.")
    causes: list[Literal["overwritten", "mapping_changed", "not_as_mapped"]] = Field(
        default=["overwritten"],
        title="Causes",
        description="What is written again: fields that somebody overwrote in NetSuite; fields that the contract, or the order in "
        "Shopify, now says otherwise; fields of which it is not known what was written.",
    )


class TraceParameters(BaseModel):
    """What a run of `trace-serials` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Trace, and tell the shops nothing. Otherwise `serials.metafield` of each order is told which "
        "numbers left with which line.",
    )
    full: bool = Field(
        default=False,
        title="Read everything",
        description="Read every document and number anew, not only what changed since the last run: slower, and it finds what a "
        "change in neither system told of. The first run always does.",
    )
    notify: bool = Field(
        default=False, title="Tell people", description="Send what is new to the blocks of `drift.notify` in the contract."
    )
