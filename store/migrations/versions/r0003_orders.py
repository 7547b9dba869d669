"""Every order has one state; what is in quarantine can be dismissed with a note."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "orders",
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("order_id_shopify", sa.Text(), nullable=False),
        sa.Column("order_name", sa.Text(), nullable=False),
        sa.Column("state_code", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("order_updated_at_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_since_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_code", "order_id_shopify", name="pk_orders"),
        comment="One row per order captured: its one state, its last error and what happens next.",
    )
    op.create_index("ix_orders_state_code", "orders", ["state_code"])
    op.create_index("ix_orders_order_name", "orders", ["order_name"])
    op.add_column("quarantine", sa.Column("dismissed_at_utc", sa.DateTime(timezone=True), nullable=True))
    op.add_column("quarantine", sa.Column("note", sa.Text(), nullable=True))
