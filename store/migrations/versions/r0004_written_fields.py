"""A document remembers the custom fields that were written into it, so that an overwritten one is told from a changed mapping."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of documents written before nothing is known."""
    op.add_column("documents", sa.Column("body_fields", sa.JSON(), nullable=True))
    op.add_column("documents", sa.Column("line_fields", sa.JSON(), nullable=True))
