"""The expected-level ledger remembers how old the later part of a drop is, and how old a rise."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a drop that is there is of one age, a rise that is there is as old as the next read."""
    op.add_column("core_expected_levels", sa.Column("late_qty", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("core_expected_levels", sa.Column("last_seen_at_utc", sa.DateTime(timezone=True), nullable=True))
    op.add_column("core_expected_levels", sa.Column("rise_seen_at_utc", sa.DateTime(timezone=True), nullable=True))
