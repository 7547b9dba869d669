"""Serial and lot numbers: their events, their lineage, and the laws that they break."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
_STAGES = ("received", "put_away", "reserved", "sold", "fulfilled", "invoiced", "returned", "scrapped")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _instant(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _flag(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "serial_events",
        *_text("event_key", "sku", "serial_number", "given_number", "stage_code"),
        *_instant("happened_at_utc"),
        *_text("location_code", nullable=True),
        *_whole("moved_qty", "line_qty"),
        *_text("document_key", "document_name", "line_key"),
        *_text("order_key", "reverses_key", "problem_code", nullable=True),
        *_text("run_id"),
        *_instant("recorded_at_utc"),
        sa.PrimaryKeyConstraint("event_key", name="pk_serial_events"),
        comment="One row per event of a serial or lot number; append-only: what no longer holds has a reversal.",
    )
    op.create_index("ix_serial_events_sku_serial_number", "serial_events", ["sku", "serial_number"])
    op.create_index("ix_serial_events_serial_number", "serial_events", ["serial_number"])
    op.create_index("ix_serial_events_document_key", "serial_events", ["document_key"])
    op.create_index("ix_serial_events_order_key", "serial_events", ["order_key"])
    stages = [
        column
        for stage in _STAGES
        for column in (*_instant(f"{stage}_at_utc", nullable=True), *_text(f"{stage}_by", nullable=True))
    ]
    op.create_table(
        "serial_lineage",
        *_text("sku", "serial_number"),
        *_whole("on_hand_qty", "events_count"),
        *_flag("is_lot", "is_complete"),
        *_text("location_code", nullable=True),
        *_text("status_code"),
        *stages,
        *_text("order_key", "expiration_date", "gap_reason", nullable=True),
        *_text("run_id"),
        sa.PrimaryKeyConstraint("sku", "serial_number", name="pk_serial_lineage"),
        comment="One row per item and serial or lot number: each stage's instant and document, where it is, "
        "whether its history is whole.",
    )
    op.create_index("ix_serial_lineage_serial_number", "serial_lineage", ["serial_number"])
    op.create_index("ix_serial_lineage_order_key", "serial_lineage", ["order_key"])
    op.create_table(
        "serial_blocked",
        *_text("sku", "serial_number", "location_code"),
        *_whole("blocked_qty"),
        *_text("laws", "run_id"),
        sa.PrimaryKeyConstraint("sku", "serial_number", "location_code", name="pk_serial_blocked"),
        comment="One row per number and location: units on hand that must not be offered, by the last trace.",
    )
    op.create_table(
        "serial_findings",
        *_text("sku", "serial_number", "law_code"),
        *_text("location_code", nullable=True),
        *_whole("units_qty"),
        *_text("documents"),
        *_text("suggestions", nullable=True),
        *_flag("is_doubtful"),
        *_text("run_id"),
        *_instant("first_seen_at_utc"),
        sa.PrimaryKeyConstraint("sku", "serial_number", "law_code", name="pk_serial_findings"),
        comment="One row per number and law that it breaks now.",
    )
