"""The tables that Truecount owns; `store/migrations` makes them, and a test compares the two.

No secrets and no tokens in any of them. Quantities are whole stock units; instants are aware UTC.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

from store.values import UtcInstant

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"},
)


def _key(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, primary_key=True, nullable=False) for name in names]


def _text(*names: str, nullable: bool = False) -> list[Column[Any]]:
    return [Column(name, Text, nullable=nullable) for name in names]


def _whole(*names: str, nullable: bool = False) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=nullable) for name in names]


def _instant(*names: str, nullable: bool = False) -> list[Column[Any]]:
    return [Column(name, UtcInstant, nullable=nullable) for name in names]


def _json(*names: str) -> list[Column[Any]]:
    return [Column(name, JSON(none_as_null=True), nullable=True) for name in names]


def _stages(*names: str) -> list[Column[Any]]:
    return [
        column for name in names for column in (*_instant(f"{name}_at_utc", nullable=True), *_text(f"{name}_by", nullable=True))
    ]


runs = Table(
    "runs",
    metadata,
    *_key("run_id"),
    *_text("flow_name"),
    *_instant("started_at_utc"),
    *_instant("finished_at_utc", nullable=True),
    *_text("status", "contract_fingerprint"),
    *_json("parameters", "summary"),
    Index(None, "flow_name", "started_at_utc"),
    comment="One row per run of a flow.",
)

steps = Table(
    "steps",
    metadata,
    *_key("run_id", "step_name"),
    *_whole("rows_in", "rows_out", "rows_set_aside", "milliseconds"),
    *_text("status", "message"),
    comment="One row per run and step.",
)

snapshots = Table(
    "snapshots",
    metadata,
    *_key("run_id", "frame_name"),
    *_whole("row_count"),
    *_text("sha256", "path"),
    comment="One row per run and frame kept; path is relative to the state folder.",
)

core_expected_levels = Table(
    "core_expected_levels",
    metadata,
    *_key("shop_code", "sku", "location_code"),
    *_whole("base_qty", "drop_qty", "rise_qty"),
    *_instant("first_seen_at_utc", nullable=True),
    *_instant("level_read_at_utc"),
    Column("late_qty", BigInteger, nullable=False, server_default="0"),
    *_instant("last_seen_at_utc", "rise_seen_at_utc", nullable=True),
    comment="One row per shop, SKU and location: what the level should read, and what nothing explains yet.",
)

core_counted_events = Table(
    "core_counted_events",
    metadata,
    *_key("shop_code", "order_line_id_shopify", "sku", "location_code"),
    *_whole("left_qty", "back_qty"),
    *_instant("counted_at_utc"),
    comment="One row per shop, order line, SKU and location: units already counted as left, and as come back.",
)

publication_batches = Table(
    "publication_batches",
    metadata,
    *_key("change_key"),
    *_text("run_id", "shop_code", "direction", "status"),
    *_instant("intended_at_utc"),
    *_instant("answered_at_utc", nullable=True),
    *_json("answer"),
    Index(None, "status"),
    comment="One row per call that publishes: stored before the call (intended), and its receipt after it.",
)

publication_pairs = Table(
    "publication_pairs",
    metadata,
    *_key("change_key", "inventory_item_id_shopify", "location_id_shopify", "channel_code", "sku"),
    *_text("shop_code", "location_code"),
    *_whole("expected_qty", nullable=True),
    *_whole("desired_qty"),
    *_text("outcome", "message"),
    Index(None, "sku", "channel_code", "location_code"),
    comment="One row per pair of a batch; outcome is empty until the answer is known.",
)

documents = Table(
    "documents",
    metadata,
    *_key("external_id"),
    *_text("shop_code", "order_id_shopify", "record_type"),
    *_text("netsuite_id", nullable=True),
    *_text("status"),
    *_text("payload_hash", nullable=True),
    *_text("run_id"),
    *_instant("first_seen_at_utc", "last_seen_at_utc"),
    *_text("message"),
    *_json("body_fields", "line_fields"),
    Index(None, "status"),
    Index(None, "shop_code", "order_id_shopify"),
    comment="One row per NetSuite document that we wrote, adopted, or mean to write.",
)

orders = Table(
    "orders",
    metadata,
    *_key("shop_code", "order_id_shopify"),
    *_text("order_name", "state_code", "last_error", "next_action", "run_id"),
    *_instant("order_updated_at_utc", nullable=True),
    *_instant("state_since_at_utc"),
    Index(None, "state_code"),
    Index(None, "order_name"),
    comment="One row per order captured: its one state, its last error and what happens next.",
)

quarantine = Table(
    "quarantine",
    metadata,
    *_key("shop_code", "entity_type", "entity_key", "reason_code"),
    *_text("reason"),
    *_json("payload"),
    *_instant("first_seen_at_utc", "last_seen_at_utc"),
    Column("seen_count", Integer, nullable=False),
    *_instant("resolved_at_utc", "dismissed_at_utc", nullable=True),
    *_text("note", nullable=True),
    comment="One row per thing set aside and reason; open while resolved_at_utc is empty.",
)

watermarks = Table(
    "watermarks",
    metadata,
    *_key("stream"),
    *_instant("position_at_utc"),
    *_text("run_id"),
    comment="One row per stream: up to where it has been read and recorded.",
)

explanations = Table(
    "explanations",
    metadata,
    *_key("run_id", "sku", "channel_code", "location_code"),
    *_json("terms"),
    Index(None, "sku"),
    comment="One row per run, channel, SKU and location: every term of the number.",
)

findings = Table(
    "findings",
    metadata,
    *_key("check_code", "object_key", "field"),
    *_text("stream_code", "severity_code", "expected", "found", "examples", "told", "action", "run_id"),
    *_whole("units_qty", "rows_count"),
    *_instant("first_seen_at_utc", "last_seen_at_utc"),
    *_instant("resolved_at_utc", "told_at_utc", nullable=True),
    Column("seen_count", Integer, nullable=False),
    comment="One row per finding; open while resolved_at_utc is empty, told to people once told_at_utc is set.",
)

observations = Table(
    "observations",
    metadata,
    *_key("metric_code", "object_key", "observed_on"),
    *_whole("hit_count", "total_count"),
    *_text("run_id"),
    comment="One row per metric, thing and day: what a day's orders looked like.",
)

schema_baselines = Table(
    "schema_baselines",
    metadata,
    *_key("frame_name"),
    *_json("content"),
    *_text("run_id"),
    *_instant("known_at_utc"),
    comment="One row per frame of the systems' own schema: its rows as they were when nothing was wrong.",
)

contracts = Table(
    "contracts",
    metadata,
    *_key("contract_fingerprint"),
    *_text("content", "applied_by", "note"),
    *_instant("applied_at_utc"),
    comment="One row per version of the contract that was applied.",
)

money_totals = Table(
    "money_totals",
    metadata,
    *_key("day", "shop_code", "channel", "gateway", "measure_code", "currency_code", "tax_titles"),
    *_text("shopify_amount", "netsuite_amount", "difference_amount", "examples", "run_id"),
    *_whole("orders_count"),
    *_instant("compared_at_utc"),
    comment="One row per day, shop, channel, gateway, currency, measure and tax titles, by the last reconciliation.",
)

serial_events = Table(
    "serial_events",
    metadata,
    *_key("event_key"),
    *_text("sku", "serial_number", "given_number", "stage_code"),
    *_instant("happened_at_utc"),
    *_text("location_code", nullable=True),
    *_whole("moved_qty", "line_qty"),
    *_text("document_key", "document_name", "line_key"),
    *_text("order_key", "reverses_key", "problem_code", nullable=True),
    *_text("run_id"),
    *_instant("recorded_at_utc"),
    Index(None, "sku", "serial_number"),
    Index(None, "serial_number"),
    Index(None, "document_key"),
    Index(None, "order_key"),
    comment="One row per event of a serial or lot number; append-only: what no longer holds has a reversal.",
)

serial_lineage = Table(
    "serial_lineage",
    metadata,
    *_key("sku", "serial_number"),
    *_whole("on_hand_qty", "events_count"),
    Column("is_lot", Boolean, nullable=False),
    Column("is_complete", Boolean, nullable=False),
    *_text("location_code", nullable=True),
    *_text("status_code"),
    *_stages("received", "put_away", "reserved", "sold", "fulfilled", "invoiced", "returned", "scrapped"),
    *_text("order_key", "expiration_date", "gap_reason", nullable=True),
    *_text("run_id"),
    *_stages("listed", "notified"),
    Index(None, "serial_number"),
    Index(None, "order_key"),
    comment="One row per item and serial or lot number: each stage's instant and document, where it is, "
    "whether its history is whole.",
)

serial_blocked = Table(
    "serial_blocked",
    metadata,
    *_key("sku", "serial_number", "location_code"),
    *_whole("blocked_qty"),
    *_text("laws", "run_id"),
    comment="One row per number and location: units on hand that must not be offered, by the last trace.",
)

serial_findings = Table(
    "serial_findings",
    metadata,
    *_key("sku", "serial_number", "law_code"),
    *_text("location_code", nullable=True),
    *_whole("units_qty"),
    *_text("documents"),
    *_text("suggestions", nullable=True),
    Column("is_doubtful", Boolean, nullable=False),
    *_text("run_id"),
    *_instant("first_seen_at_utc"),
    comment="One row per number and law that it breaks now.",
)

serial_tellings = Table(
    "serial_tellings",
    metadata,
    *_key("order_key"),
    *_text("told", "run_id"),
    *_instant("told_at_utc"),
    comment="One row per order: line to numbers, as we last wrote them into its metafield.",
)
