"""The frames of serial and lot numbers: what moved which, who promised which, and what became of each."""

from __future__ import annotations

from contract.table import table

_RUN = " run_id extracted_at_utc"
_STAGES = " ".join(
    f"{stage}_at_utc {stage}_by"
    for stage in ("received", "put_away", "listed", "reserved", "sold", "notified", "fulfilled", "invoiced", "returned", "scrapped")
)

SERIAL_TABLES = (
    table(
        "raw_netsuite__serial_stock",
        "One row per serial or lot number and location.",
        "inventory_number_id_netsuite location_id_netsuite",
        "inventory_number item_id_netsuite on_hand_qty available_qty in_transit_qty expiration_date is_inactive" + _RUN,
    ),
    table(
        "raw_netsuite__serial_movements",
        "One row per document, line and serial or lot number that it names.",
        "transaction_id_netsuite line_id_netsuite inventory_number_id_netsuite",
        "inventory_number item_id_netsuite location_id_netsuite transaction_type status_code transaction_date moved_qty line_qty "
        "is_inventory_affecting external_id created_from_id_netsuite created_from_type created_from_external_id other_ref_num "
        "created_at_utc modified_at_utc" + _RUN,
    ),
    table(
        "raw_netsuite__serial_invoices",
        "One row per invoice of a sales order that numbers left for.",
        "transaction_id_netsuite",
        "external_id created_from_id_netsuite created_at_utc" + _RUN,
    ),
    table(
        "raw_netsuite__deleted_documents",
        "One row per record that was deleted.",
        "transaction_id_netsuite",
        "deleted_at_utc" + _RUN,
    ),
    table(
        "raw_shopify__variant_metafields",
        "One row per shop, variant sold and metafield of it that names numbers.",
        "shop_code variant_id_shopify metafield_key",
        "value" + _RUN,
    ),
    table(
        "raw_partners__shipment_files",
        "One row per partner that sends shipment notices: when they were written, or what is wrong with them.",
        "partner_code",
        "written_at_utc problem" + _RUN,
    ),
    table(
        "raw_partners__shipments",
        "One row per partner and line of its shipment notices.",
        "partner_code line",
        "notice order sku number quantity shipped_at tracking" + _RUN,
    ),
    table(
        "core_serial_stock",
        "One row per item, number and location where units of it are, by NetSuite's balance.",
        "sku serial_number location_code",
        "on_hand_qty available_qty in_transit_qty is_inactive expiration_date",
        "expiration_date",
    ),
    table(
        "raw_truecount__blocked",
        "One row per item, number and location: units on hand that must not be offered, by the last trace.",
        "sku serial_number location_code",
        "blocked_qty laws",
    ),
    table(
        "core_blocked",
        "One row per item, number and location: units on hand that must not be offered, and that no order has.",
        "sku serial_number location_code",
        "blocked_qty laws",
    ),
    table(
        "core_serial_events",
        "One row per event of a number: what a document did to it, and the reversal of what a document no longer does.",
        "event_key",
        "sku serial_number given_number stage_code happened_at_utc location_code moved_qty line_qty document_key document_name "
        "line_key order_key reverses_key problem_code",
        "location_code order_key reverses_key problem_code",
    ),
    table(
        "out_serial_lineage",
        "One row per item and number: each stage's instant and document, where it is, whether its history is whole.",
        "sku serial_number",
        f"is_lot on_hand_qty location_code status_code {_STAGES} order_key expiration_date events_count is_complete gap_reason",
        f"location_code {_STAGES} order_key expiration_date gap_reason",
    ),
    table(
        "out_serial_genealogy",
        "One row per number that a document took, number that it made of it, and document.",
        "parent_sku parent_number child_sku child_number document_key",
        "parent_qty child_qty document_name happened_at_utc",
    ),
    table(
        "out_serial_findings",
        "One row per item, number and law that it breaks.",
        "sku serial_number law_code",
        "location_code units_qty documents suggestions is_doubtful",
        "location_code suggestions",
    ),
)
