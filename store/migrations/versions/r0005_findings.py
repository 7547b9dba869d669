"""Findings with their age, what days looked like, the schema as last known good, and the contract as it was last applied."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _instant(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "findings",
        *_text("check_code", "object_key", "field"),
        *_text("stream_code", "severity_code", "expected", "found", "examples", "told", "action", "run_id"),
        *_whole("units_qty", "rows_count"),
        *_instant("first_seen_at_utc", "last_seen_at_utc"),
        *_instant("resolved_at_utc", "told_at_utc", nullable=True),
        sa.Column("seen_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("check_code", "object_key", "field", name="pk_findings"),
        comment="One row per finding; open while resolved_at_utc is empty, told to people once told_at_utc is set.",
    )
    op.create_table(
        "observations",
        *_text("metric_code", "object_key", "observed_on"),
        *_whole("hit_count", "total_count"),
        *_text("run_id"),
        sa.PrimaryKeyConstraint("metric_code", "object_key", "observed_on", name="pk_observations"),
        comment="One row per metric, thing and day: what a day's orders looked like.",
    )
    op.create_table(
        "schema_baselines",
        *_text("frame_name"),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        *_text("run_id"),
        *_instant("known_at_utc"),
        sa.PrimaryKeyConstraint("frame_name", name="pk_schema_baselines"),
        comment="One row per frame of the systems' own schema: its rows as they were when nothing was wrong.",
    )
    op.create_table(
        "contracts",
        *_text("contract_fingerprint", "content", "applied_by", "note"),
        *_instant("applied_at_utc"),
        sa.PrimaryKeyConstraint("contract_fingerprint", name="pk_contracts"),
        comment="One row per version of the contract that was applied.",
    )
