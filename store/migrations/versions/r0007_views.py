"""Views for people who query the store by plain SQL: the same on SQLite and PostgreSQL, described in docs/generated/views.md."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

VIEWS = {
    "open_findings": (
        "One row per finding that is open now: what it is about, since when, how many units and rows, what to do.",
        "SELECT check_code, severity_code, stream_code, object_key, field, expected, found, units_qty, rows_count, "
        "first_seen_at_utc, last_seen_at_utc, seen_count, told, action FROM findings WHERE resolved_at_utc IS NULL",
    ),
    "resolved_findings": (
        "One row per finding that has healed: first seen, last seen, resolved.",
        "SELECT check_code, severity_code, object_key, field, first_seen_at_utc, last_seen_at_utc, resolved_at_utc, seen_count "
        "FROM findings WHERE resolved_at_utc IS NOT NULL",
    ),
    "set_aside_now": (
        "One row per thing in quarantine and reason.",
        "SELECT shop_code, entity_type, entity_key, reason_code, reason, first_seen_at_utc, last_seen_at_utc, seen_count "
        "FROM quarantine WHERE resolved_at_utc IS NULL AND dismissed_at_utc IS NULL",
    ),
    "orders_now": (
        "One row per order captured: its state, since when, its last error, how many NetSuite documents it has.",
        "SELECT o.shop_code, o.order_id_shopify, o.order_name, o.state_code, o.state_since_at_utc, o.next_action, o.last_error, "
        "(SELECT COUNT(*) FROM documents d WHERE d.shop_code = o.shop_code AND d.order_id_shopify = o.order_id_shopify "
        "AND d.netsuite_id IS NOT NULL) AS documents_count FROM orders o",
    ),
    "published_now": (
        "One row per channel, SKU and location: the number that the channel last accepted, and the run that sent it.",
        "SELECT channel_code, sku, location_code, published_qty, published_at_utc, run_id FROM (SELECT p.channel_code, p.sku, "
        "p.location_code, p.desired_qty AS published_qty, b.answered_at_utc AS published_at_utc, b.run_id, ROW_NUMBER() OVER "
        "(PARTITION BY p.channel_code, p.sku, p.location_code ORDER BY b.answered_at_utc DESC, p.change_key DESC) AS place "
        "FROM publication_pairs p JOIN publication_batches b ON b.change_key = p.change_key WHERE p.outcome = 'accepted') ranked "
        "WHERE place = 1",
    ),
    "serials_now": (
        "One row per item and serial or lot number: where it is, its order, and how many laws it breaks.",
        "SELECT l.sku, l.serial_number, l.is_lot, l.status_code, l.on_hand_qty, l.location_code, l.order_key, l.expiration_date, "
        "l.is_complete, l.gap_reason, (SELECT COUNT(*) FROM serial_findings f WHERE f.sku = l.sku "
        "AND f.serial_number = l.serial_number) AS breaches_count FROM serial_lineage l",
    ),
    "runs_now": (
        "One row per run of a flow: when it started and finished, how it ended, under which contract.",
        "SELECT run_id, flow_name, status, started_at_utc, finished_at_utc, contract_fingerprint FROM runs",
    ),
}
"""Every view: what a row is, and its query."""


def upgrade() -> None:
    """Make the views."""
    for name, (_, query) in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")
