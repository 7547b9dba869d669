"""What we wrote into the shops of numbers that left: ours to complete and correct, as long as it stands there so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "serial_tellings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("order_key", "told", "run_id")),
        sa.Column("told_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_key", name="pk_serial_tellings"),
        comment="One row per order: line to numbers, as we last wrote them into its metafield.",
    )
