"""The contract's models: what `contract.yaml` may say. Unknown keys are refused; every default has no effect."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contract.base import Code, Fraction, Model, NetsuiteId, Whole
from contract.partners import Partner
from contract.serials import Serials

ShopifyLocation = Annotated[str, StringConstraints(pattern=r"^gid://shopify/Location/[0-9]+$")]
BodyField = Annotated[str, StringConstraints(pattern=r"^(custbody_[a-z0-9_]+|memo|otherRefNum)$")]
LineField = Annotated[str, StringConstraints(pattern=r"^(custcol_[a-z0-9_]+|description)$")]


class Account(Model):
    """The NetSuite account."""

    account_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)?$")]
    currency_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    currencies: dict[str, NetsuiteId] = Field(
        default={}, description="NetSuite's id of each further currency that a shop books in."
    )
    concurrency: Annotated[int, Field(ge=1, le=50)] = 4
    subsidiary_id: NetsuiteId | None = None
    sellable_statuses: tuple[NetsuiteId, ...] = Field(
        default=(), description="The inventory statuses whose stock may be sold, where the account uses them."
    )
    line_id_field: LineField = Field(description="The line column that carries the Shopify line id.")


class Shop(Model):
    """One Shopify shop."""

    shop_code: Code
    domain: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.myshopify\.com$")]
    unrouted_location: Code = Field(description="Where an order line counts until Shopify has routed it.")
    customer_id: NetsuiteId = Field(description="The NetSuite customer that this shop's orders are booked on.")


class Location(Model):
    """One of our locations: one or more in NetSuite, at most one in each shop."""

    location_code: Code
    netsuite_locations: Annotated[tuple[NetsuiteId, ...], Field(min_length=1)]
    shopify_locations: dict[Code, ShopifyLocation] = Field(default={})


class Rule(Model):
    """Rule parameters; a parameter that is left out is taken from the next wider rule, and at last has no effect."""

    share: Fraction | None = Field(
        default=None, description="The part of the pool that the channel may show; in a split pool, its weight."
    )
    buffer_units: Whole | None = None
    buffer_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=4)] | None = None
    buffer_sold_minutes: Annotated[int, Field(ge=1, le=1440)] | None = Field(
        default=None, description="A velocity buffer: units sold in the last so many minutes. The largest buffer counts."
    )
    cap: Whole | None = None
    end_when: Whole | None = Field(default=None, description="At or below this number, publish 0.")
    arriving: tuple[Literal["in_transit", "partner"], ...] | None = Field(
        default=None, description="Stock on its way that counts already: from NetSuite transfers, from partners, or both."
    )
    horizon_days: Whole | None = Field(default=None, description="How far ahead arriving stock counts, in days from the run.")
    stale_after_minutes: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="An input older than this lowers the number by `stale_percent`."
    )
    stale_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=4)] | None = Field(
        default=None, description="By how much a stale input lowers the number; 100 (publish 0) where left out."
    )


class ChannelRule(Rule):
    """A rule for some of a channel: SKUs, tags, a location of it; always, or for a time."""

    location: Code | None = None
    skus: tuple[str, ...] = Field(default=(), description="SKUs; `*` stands for any characters.")
    tags: tuple[str, ...] = ()
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = Field(default=None, description="The first instant at which it no longer applies.")


class Channel(Model):
    """An outlet that gets its own number."""

    channel_code: Code
    kind: Literal["shopify", "feed", "http"]
    shop: Code | None = None
    pool: Annotated[tuple[Code, ...], Field(min_length=1)]
    url: str | None = Field(
        default=None, description="Where a feed is written (a path or an fsspec URL), or an http channel's numbers are posted."
    )
    format: Literal["csv", "json"] = "csv"
    buffer_per: Literal["location", "pool"] | None = Field(
        default=None, description="What a buffer is kept back from: each location, or the pool. A shop: location; a feed: pool."
    )
    activate: bool = Field(
        default=False, description="Whether a shop stocks a SKU at a location of its pool as soon as there are units to show."
    )
    rule: Rule = Rule()
    rules: tuple[ChannelRule, ...] = ()


class Split(Model):
    """Channels that share their pool out among themselves: their numbers add up to at most the pool."""

    split_code: Code
    channels: Annotated[tuple[Code, ...], Field(min_length=2)]


class Pack(Model):
    """A SKU that is sold in several units of another: a six-pack, a case."""

    sku: str
    stock_sku: str
    units: Annotated[int, Field(ge=1)]


class OrderLink(Model):
    """One way to recognise a NetSuite document as a Shopify order; the list is tried in order.

    `{order_id}`, `{order_number}`, `{order_name}` and `{shop_code}` stand for the order's own values in `pattern`.
    """

    by: Literal["external_id", "other_reference", "custom_field"]
    pattern: str
    field: BodyField | None = None


class Sales(Model):
    """The NetSuite items that book what is no stock item."""

    shipping_item_id: NetsuiteId
    tax_item_id: NetsuiteId
    discount_item_id: NetsuiteId
    tip_item_id: NetsuiteId | None = None
    duty_item_id: NetsuiteId | None = None
    fee_item_id: NetsuiteId | None = None
    gift_card_item_id: NetsuiteId | None = Field(default=None, description="Books gift cards sold; paying with one is a tender.")
    custom_item_id: NetsuiteId | None = Field(default=None, description="Books lines without a SKU (custom lines).")
    rounding_item_id: NetsuiteId | None = Field(default=None, description="Books cash rounding.")
    adjustment_item_id: NetsuiteId | None = Field(default=None, description="Books what a refund gave back beside its lines.")
    allowance_item_id: NetsuiteId | None = Field(
        default=None, description="Credits goods that were refunded and not returned to stock."
    )


class TaxCode(Model):
    """What a tax title is in SuiteTax."""

    tax_code_id: NetsuiteId
    tax_type_id: NetsuiteId


class FieldMapping(Model):
    """One custom field: its source in the Shopify order, its target in NetSuite, its type and purpose."""

    level: Literal["body", "line", "customer"] = Field(description="Of the order, of each line, or of the buyer's own customer.")
    source: str
    target: Annotated[str, StringConstraints(pattern=r"^(custbody|custcol|custentity)_[a-z0-9_]+$")]
    type: Literal["text", "integer", "decimal", "date", "checkbox", "list", "multi_select", "record"] = "text"
    purpose: Literal["reporting", "attribution", "channel", "tax"]
    is_required: bool = False
    default: str | None = None
    values: dict[str, str] = Field(
        default={}, description="For a list, multi_select or record: what Shopify says, to NetSuite's internal id."
    )


class Orders(Model):
    """How orders become NetSuite documents."""

    order_links: tuple[OrderLink, ...] = ()
    items: Sales
    fields: tuple[FieldMapping, ...] = ()
    initial_status: Literal["pending_approval", "pending_fulfillment"] = "pending_fulfillment"
    follow_to: Literal["order", "fulfillment", "invoice", "settlement"] = Field(
        default="order",
        description="How far an order is followed: to fulfilments; to invoices, returns and credits; to payments and refunds.",
    )
    tax: Literal["item_line", "suitetax"] = Field(
        default="item_line", description="Tax as lines of tax items, or as SuiteTax details (REST supports no legacy tax)."
    )
    tax_items: dict[str, NetsuiteId] = Field(
        default={}, description="For tax as lines: the item of a tax title, if not `tax_item_id`; titles of one item share a line."
    )
    tax_codes: dict[str, TaxCode] = Field(default={}, description="For SuiteTax: the tax code and type of each tax title.")
    gateways: dict[str, NetsuiteId] = Field(
        default={}, description="Payment gateway (gift_card, shopify_payments, cash, ...) to NetSuite's payment option."
    )
    guests: Literal["shop", "own"] = Field(
        default="shop", description="Whose customer an order without one is booked on: the shop's, or one of its e-mail address."
    )
    customers: Literal["shop", "own"] = Field(
        default="shop",
        description="Book on the shop's customer, or on the buyer's own (found by external id or e-mail, else created).",
    )
    till_sources: tuple[str, ...] = ("pos",)
    overlap_minutes: Annotated[int, Field(ge=1)] = 30
    lookback_days: Annotated[int, Field(ge=1, le=60)] = 60


class OtherOrders(Model):
    """Which units count of sales orders that no shop has sold: phone, EDI. What is committed to them counts always."""

    backorders: Literal["all", "due", "none"] = "all"
    unapproved: Literal["all", "due", "none"] = "none"
    due_days: Whole | None = Field(default=None, description="For `due`: a line counts that ships within so many days.")


class Tolerances(Model):
    """What is let pass, and for how long."""

    unexplained_drop_hours: Annotated[int, Field(ge=1)] = 24
    keep_history_days: Annotated[int, Field(ge=1)] = Field(
        default=365, description="How long the store keeps finished runs, superseded publications and healed quarantine."
    )
    keep_snapshots_days: Annotated[int, Field(ge=1)] = 14
    least_rows_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        default=50,
        description="Nothing is published where a read has less than this share of the rows of the last run; 0 switches it off.",
    )
    publish_within_minutes: Annotated[int, Field(ge=1)] = Field(
        default=60, description="No number is written that was computed from a read older than this."
    )


class Drift(Model):
    """What is told of drift, how loudly, and when it halts a stream."""

    severities: dict[str, Literal["ignore", "warn", "quarantine", "halt"]] = Field(
        default={}, description="Severity of a check, where it is to be another than its own (docs/generated/findings.md)."
    )
    notify: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")], ...] = Field(
        default=(),
        description="Prefect notification blocks that are told of new findings, each as `type/name` (slack-webhook/ops).",
    )
    must_be_reviewed: bool = Field(
        default=False, description="A changed contract writes nothing until `truecount contract apply` has been said of it."
    )
    baseline_days: Annotated[int, Field(ge=7, le=90)] = Field(
        default=28, description="How many days of its own past a distribution is compared with; at least 7 must be known."
    )
    false_alarms_in_30_days: Annotated[Decimal, Field(gt=0, le=30)] = Field(
        default=Decimal("0.5"), description="How many false alarms all distribution checks together may raise in 30 daily runs."
    )
    least_shift_percent: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        default=Decimal(5), description="A share that moved by fewer percentage points is not told, however certain it is."
    )
    round_trip_days: Annotated[int, Field(ge=1, le=60)] = Field(
        default=7, description="Custom fields of orders of the last so many days are read back by a reconciliation."
    )
    grace_minutes: Annotated[int, Field(ge=1)] = Field(
        default=60, description="How long an order may be on its way before its absence in NetSuite is a difference."
    )


class Contract(Model):
    """The whole contract."""

    version: Literal[1]
    state_folder: str = "../.truecount"
    account: Account
    shops: Annotated[tuple[Shop, ...], Field(min_length=1)]
    locations: Annotated[tuple[Location, ...], Field(min_length=1)]
    default_rule: Rule = Rule()
    channels: tuple[Channel, ...] = ()
    splits: tuple[Split, ...] = ()
    partners: tuple[Partner, ...] = ()
    packs: tuple[Pack, ...] = ()
    orders: Orders
    other_orders: OtherOrders = OtherOrders()
    tolerances: Tolerances = Tolerances()
    drift: Drift = Drift()
    serials: Serials = Serials()

    def shop(self, shop_code: str) -> Shop:
        """Return the shop of that code (KeyError where there is none)."""
        return {shop.shop_code: shop for shop in self.shops}[shop_code]

    def channel(self, channel_code: str) -> Channel:
        """Return the channel of that code (KeyError where there is none)."""
        return {channel.channel_code: channel for channel in self.channels}[channel_code]
