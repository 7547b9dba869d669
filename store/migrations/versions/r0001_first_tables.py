"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first version."""
    _make_bookkeeping()
    _make_evidence()
    _make_levels()
    _make_publications()
    _make_documents()


def _make_bookkeeping() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("flow_name", sa.Text(), nullable=False),
        sa.Column("started_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("contract_fingerprint", sa.Text(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        comment="One row per run of a flow.",
    )
    op.create_index("ix_runs_flow_name_started_at_utc", "runs", ["flow_name", "started_at_utc"])
    op.create_table(
        "steps",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("step_name", sa.Text(), nullable=False),
        sa.Column("rows_in", sa.BigInteger(), nullable=False),
        sa.Column("rows_out", sa.BigInteger(), nullable=False),
        sa.Column("rows_set_aside", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step_name", name="pk_steps"),
        comment="One row per run and step.",
    )
    op.create_table(
        "snapshots",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("frame_name", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "frame_name", name="pk_snapshots"),
        comment="One row per run and frame kept; path is relative to the state folder.",
    )


def _make_evidence() -> None:
    op.create_table(
        "watermarks",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("position_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_watermarks"),
        comment="One row per stream: up to where it has been read and recorded.",
    )
    op.create_table(
        "explanations",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("channel_code", sa.Text(), nullable=False),
        sa.Column("location_code", sa.Text(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "sku", "channel_code", "location_code", name="pk_explanations"),
        comment="One row per run, channel, SKU and location: every term of the number.",
    )
    op.create_index("ix_explanations_sku", "explanations", ["sku"])


def _make_levels() -> None:
    op.create_table(
        "core_expected_levels",
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_code", sa.Text(), nullable=False),
        sa.Column("base_qty", sa.BigInteger(), nullable=False),
        sa.Column("drop_qty", sa.BigInteger(), nullable=False),
        sa.Column("rise_qty", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("level_read_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_code", "sku", "location_code", name="pk_core_expected_levels"),
        comment="One row per shop, SKU and location: what the level should read, and what nothing explains yet.",
    )
    op.create_table(
        "core_counted_events",
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("order_line_id_shopify", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_code", sa.Text(), nullable=False),
        sa.Column("left_qty", sa.BigInteger(), nullable=False),
        sa.Column("back_qty", sa.BigInteger(), nullable=False),
        sa.Column("counted_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_code", "order_line_id_shopify", "sku", "location_code", name="pk_core_counted_events"),
        comment="One row per shop, order line, SKU and location: units already counted as left, and as come back.",
    )


def _make_publications() -> None:
    op.create_table(
        "publication_batches",
        sa.Column("change_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("intended_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("change_key", name="pk_publication_batches"),
        comment="One row per call that publishes: stored before the call (intended), and its receipt after it.",
    )
    op.create_index("ix_publication_batches_status", "publication_batches", ["status"])
    op.create_table(
        "publication_pairs",
        sa.Column("change_key", sa.Text(), nullable=False),
        sa.Column("inventory_item_id_shopify", sa.Text(), nullable=False),
        sa.Column("location_id_shopify", sa.Text(), nullable=False),
        sa.Column("channel_code", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("location_code", sa.Text(), nullable=False),
        sa.Column("expected_qty", sa.BigInteger(), nullable=True),
        sa.Column("desired_qty", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "change_key", "inventory_item_id_shopify", "location_id_shopify", "channel_code", "sku", name="pk_publication_pairs"
        ),
        comment="One row per pair of a batch; outcome is empty until the answer is known.",
    )
    op.create_index(
        "ix_publication_pairs_sku_channel_code_location_code", "publication_pairs", ["sku", "channel_code", "location_code"]
    )


def _make_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("order_id_shopify", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("netsuite_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("first_seen_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name="pk_documents"),
        comment="One row per NetSuite document that we wrote, adopted, or mean to write.",
    )
    op.create_index("ix_documents_shop_code_order_id_shopify", "documents", ["shop_code", "order_id_shopify"])
    op.create_index("ix_documents_status", "documents", ["status"])
    op.create_table(
        "quarantine",
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_key", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("first_seen_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_count", sa.Integer(), nullable=False),
        sa.Column("resolved_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("shop_code", "entity_type", "entity_key", "reason_code", name="pk_quarantine"),
        comment="One row per thing set aside and reason; open while resolved_at_utc is empty.",
    )
