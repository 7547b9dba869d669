"""Money by day as the last reconciliation found it, and a view of it for plain SQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

VIEWS = {
    "money_by_day": (
        "One row per day, shop, channel, gateway, currency, measure and tax titles: what the documents of the orders that the last "
        "reconciliation read come to in both systems; orders that are set aside or that another hand booked are in no sum. The "
        "table `money_totals` has the exact amounts as text.",
        "SELECT day, shop_code, channel, gateway, measure_code, currency_code, tax_titles, CAST(shopify_amount AS NUMERIC) AS "
        "shopify_amount, CAST(netsuite_amount AS NUMERIC) AS netsuite_amount, CAST(difference_amount AS NUMERIC) AS "
        "difference_amount, orders_count, examples, compared_at_utc, run_id FROM money_totals",
    ),
}
"""Every view: what a row is, and its query."""
_KEY = ("day", "shop_code", "channel", "gateway", "measure_code", "currency_code", "tax_titles")


def upgrade() -> None:
    """Make the table and its view."""
    more = ("shopify_amount", "netsuite_amount", "difference_amount", "examples", "run_id")
    op.create_table(
        "money_totals",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*_KEY, *more)),
        sa.Column("orders_count", sa.BigInteger(), nullable=False),
        sa.Column("compared_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_money_totals"),
        comment="One row per day, shop, channel, gateway, currency, measure and tax titles, by the last reconciliation.",
    )
    for name, (_, query) in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")
