"""Serial and lot numbers: since when each is on sale in a channel, and since when a partner says that it left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for stage in ("listed", "notified"):
        op.add_column("serial_lineage", sa.Column(f"{stage}_at_utc", sa.DateTime(timezone=True), nullable=True))
        op.add_column("serial_lineage", sa.Column(f"{stage}_by", sa.Text(), nullable=True))
