"""The frame catalogue: each frame's grain, key and columns, in one place.

Names and grains are those of the design; a column's kind follows from its name (`contract/fields.py`). A raw frame holds
text only (missing is NaN, an empty string counts as missing), so that a snapshot is a folder of CSVs that reads back the
same. `nullable` lists the columns that may be missing in core and out frames; in raw frames only the key may not.
"""

from __future__ import annotations

from collections.abc import Mapping

from contract.drift_tables import DRIFT_TABLES
from contract.serial_tables import SERIAL_TABLES
from contract.table import Table
from contract.table import table as _table

_RUN = " run_id extracted_at_utc"

_ORDER_LINES = (
    "external_id transaction_type status_code is_closed item_id_netsuite item_type location_id_netsuite ordered_qty committed_qty "
    "backordered_qty shipped_qty kit_member_of created_from_id_netsuite other_ref_num ship_date created_at_utc order_line_id_shopify "
    "transaction_modified_at_utc line_modified_at_utc" + _RUN
)

_TABLES = (
    # raw: values as the vendor sent them, only names changed
    _table(
        "raw_netsuite__items",
        "One row per item.",
        "item_id_netsuite",
        "item_code item_type is_serial is_lot is_inactive units upc_code external_id" + _RUN,
        allows_more=True,
    ),
    _table(
        "raw_netsuite__locations",
        "One row per location.",
        "location_id_netsuite",
        "name is_inactive make_inventory_available" + _RUN,
    ),
    _table(
        "raw_netsuite__stock",
        "One row per item and location, all inventory statuses together.",
        "item_id_netsuite location_id_netsuite",
        "on_hand_qty available_qty committed_qty backordered_qty in_transit_qty on_order_qty" + _RUN,
    ),
    _table(
        "raw_netsuite__sellable",
        "One row per item and location: what is on hand in the inventory statuses that may be sold.",
        "item_id_netsuite location_id_netsuite",
        "on_hand_qty" + _RUN,
    ),
    _table(
        "raw_netsuite__order_lines",
        "One row per line of a sales order, item fulfilment or cash sale that is open or linked to a Shopify order (read 1).",
        "transaction_id_netsuite line_id_netsuite",
        _ORDER_LINES,
        allows_more=True,
    ),
    _table(
        "raw_netsuite__order_lines_reread",
        "The lines of read 1's transactions, read again after the balances (read 3).",
        "transaction_id_netsuite line_id_netsuite",
        _ORDER_LINES,
        allows_more=True,
    ),
    _table(
        "raw_netsuite__order_lines_since",
        "The lines, after the balances, of documents made or shipped since the oldest partner snapshot.",
        "transaction_id_netsuite line_id_netsuite",
        _ORDER_LINES,
        allows_more=True,
    ),
    _table(
        "raw_truecount__scope",
        "One row per SKU of a run over a few SKUs: those asked for, and the stock that they are made of; no rows: a whole run.",
        "sku",
        "is_asked",
    ),
    _table(
        "raw_partners__snapshots",
        "One row per partner: when its snapshot was written, or what is wrong with it.",
        "partner_code",
        "written_at_utc problem" + _RUN,
    ),
    _table(
        "raw_partners__stock",
        "One row per partner and line of its snapshot.",
        "partner_code line",
        "sku on_hand in_transit due_date as_of" + _RUN,
    ),
    _table(
        "raw_netsuite__kit_members",
        "One row per kit and component.",
        "kit_item_id_netsuite item_id_netsuite",
        "component_qty" + _RUN,
    ),
    _table(
        "raw_netsuite__transfers_in_transit",
        "One row per line of a transfer order with units that have left and have not arrived.",
        "transaction_id_netsuite line_id_netsuite",
        "item_id_netsuite from_location_id_netsuite to_location_id_netsuite shipped_qty received_qty expected_receipt_date" + _RUN,
    ),
    _table(
        "raw_netsuite__order_fields",
        "One row per document of an order, line (missing for the body) and custom field.",
        "transaction_id_netsuite line_id_netsuite field",
        "external_id order_line_id_shopify value modified_at_utc" + _RUN,
    ),
    _table(
        "raw_shopify__locations",
        "One row per shop and location.",
        "shop_code location_id_shopify",
        "name is_active fulfills_online_orders" + _RUN,
    ),
    _table(
        "raw_shopify__variants",
        "One row per shop and variant.",
        "shop_code variant_id_shopify",
        "inventory_item_id_shopify product_id_shopify sku barcode is_tracked inventory_policy requires_components tags" + _RUN,
    ),
    _table(
        "raw_shopify__levels",
        "One row per shop, inventory item and location.",
        "shop_code inventory_item_id_shopify location_id_shopify",
        "is_active available_qty on_hand_qty committed_qty reserved_qty damaged_qty safety_stock_qty quality_control_qty "
        "incoming_qty updated_at_utc level_read_at_utc" + _RUN,
    ),
    _table(
        "raw_shopify__orders",
        "One row per shop and order.",
        "shop_code order_id_shopify",
        "name created_at_utc processed_at_utc updated_at_utc cancelled_at_utc cancel_reason financial_status fulfillment_status "
        "source_name source_identifier channel_name app_name retail_location_id_shopify staff_name customer_id_shopify "
        "customer_email is_test is_edited is_confirmed tags note po_number gateways currency_code presentment_currency_code has_taxes_included "
        "subtotal_amount discounts_amount shipping_amount tax_amount total_amount current_total_amount presentment_total_amount "
        "refunded_amount outstanding_amount custom_attributes discount_codes shipping_lines tax_lines metafields utm" + _RUN,
    ),
    _table(
        "raw_shopify__order_lines",
        "One row per shop and order line.",
        "shop_code order_line_id_shopify",
        "order_id_shopify position variant_id_shopify sku title ordered_qty current_qty unfulfilled_qty is_gift_card "
        "requires_shipping is_taxable unit_price_amount discounted_total_amount discount_allocations tax_lines "
        "custom_attributes" + _RUN,
    ),
    _table(
        "raw_shopify__fulfillment_order_lines",
        "One row per shop and fulfilment order line.",
        "shop_code fulfillment_order_line_id_shopify",
        "fulfillment_order_id_shopify order_id_shopify order_line_id_shopify location_id_shopify status_code total_qty "
        "remaining_qty delivery_method" + _RUN,
    ),
    _table(
        "raw_shopify__fulfillments",
        "One row per shop and fulfilment line.",
        "shop_code fulfillment_line_id_shopify",
        "fulfillment_id_shopify order_id_shopify order_line_id_shopify location_id_shopify status_code fulfilled_qty "
        "created_at_utc tracking" + _RUN,
    ),
    _table(
        "raw_shopify__refunds",
        "One row per shop and refund line.",
        "shop_code refund_line_id_shopify",
        "refund_id_shopify order_id_shopify order_line_id_shopify location_id_shopify restock_type refunded_qty is_restocked "
        "created_at_utc note" + _RUN,
    ),
    _table(
        "raw_shopify__sales",
        "One row per shop and sale of an order's agreements: what was sold, edited and given back, signed.",
        "shop_code sale_id_shopify",
        "order_id_shopify agreement_id_shopify refund_id_shopify happened_at_utc action_code line_type order_line_id_shopify "
        "sale_qty total_amount discount_amount tax_amount taxes order_updated_at_utc" + _RUN,
    ),
    _table(
        "raw_shopify__transactions",
        "One row per shop and payment transaction of an order.",
        "shop_code transaction_id_shopify",
        "order_id_shopify kind status_code gateway total_amount rounding_amount created_at_utc is_test" + _RUN,
    ),
    # core: our codes, typed, keyed
    _table("core_items", "One row per stock item.", "sku", "item_id_netsuite item_type is_serial is_lot is_inactive"),
    _table(
        "core_components",
        "One row per kit (or pack) and stock SKU in it.",
        "kit_sku sku",
        "component_qty",
    ),
    _table("core_tags", "One row per SKU and tag.", "sku tag", ""),
    _table(
        "core_arrivals",
        "One row per SKU, location, due date and source: stock on its way.",
        "sku location_code due_date source_code",
        "arriving_qty",
    ),
    _table(
        "core_sales",
        "One row per SKU, location and instant: units ordered.",
        "sku location_code sold_at_utc",
        "sold_qty",
    ),
    _table("core_locations", "One row per location of the contract.", "location_code", "is_active"),
    _table(
        "core_stock",
        "One row per SKU and location, sellable statuses only.",
        "sku location_code",
        "on_hand_qty available_qty committed_qty backordered_qty in_transit_qty on_order_qty read_at_utc source_code",
    ),
    _table(
        "core_levels",
        "One row per shop, SKU and location.",
        "shop_code sku location_code",
        "inventory_item_id_shopify location_id_shopify available_qty on_hand_qty committed_qty reserved_qty damaged_qty "
        "safety_stock_qty quality_control_qty incoming_qty read_at_utc",
    ),
    _table(
        "core_orders",
        "One row per shop and order.",
        "shop_code order_id_shopify",
        "name created_at_utc processed_at_utc updated_at_utc cancelled_at_utc financial_status fulfillment_status source_name "
        "is_till is_test is_confirmed retail_location_code currency_code subtotal_amount discounts_amount shipping_amount "
        "tax_amount total_amount current_total_amount outstanding_amount",
        "cancelled_at_utc retail_location_code financial_status fulfillment_status source_name processed_at_utc",
    ),
    _table(
        "core_order_lines",
        "One row per shop, order line and location: the units that have left or must leave it.",
        "shop_code order_line_id_shopify location_code",
        "order_id_shopify sku ordered_qty open_qty fulfilled_qty unrouted_qty demand_qty left_qty back_qty event_at_utc placed_at_utc",
    ),
    _table(
        "core_ledger",
        "One row per shop, order line, stock SKU and location.",
        "shop_code order_line_id_shopify sku location_code",
        "order_id_shopify demand_qty reflected_qty unreflected_qty reason_code transaction_id_netsuite",
        "transaction_id_netsuite",
    ),
    _table(
        "core_partner_open",
        "One row per NetSuite line with units that a partner's snapshot does not net yet.",
        "transaction_id_netsuite line_id_netsuite",
        "sku location_code partner_code partner_open_qty",
    ),
    _table(
        "core_other_orders",
        "One row per line of a sales order of other origin with units backordered or not approved.",
        "transaction_id_netsuite line_id_netsuite",
        "sku location_code backordered_qty spared_qty unapproved_qty due_date",
        "due_date",
    ),
    _table(
        "core_holds",
        "One row per SKU, location and kind of hold.",
        "sku location_code hold_code",
        "held_qty read_at_utc",
    ),
    _table(
        "core_expected_levels",
        "One row per shop, SKU and location: what the level should read, and what nothing has explained yet.",
        "shop_code sku location_code",
        "base_qty drop_qty rise_qty first_seen_at_utc level_read_at_utc late_qty last_seen_at_utc rise_seen_at_utc",
        "first_seen_at_utc last_seen_at_utc rise_seen_at_utc",
    ),
    _table(
        "core_counted_events",
        "One row per shop, order line and location: the units already counted as left, and as come back.",
        "shop_code order_line_id_shopify sku location_code",
        "left_qty back_qty counted_at_utc",
    ),
    _table(
        "core_unresolved",
        "One row per source row that could not be conformed, and field.",
        "source_frame source_key reason_code field",
        "value",
        "value",
    ),
    # out: decisions only
    _table(
        "out_atp",
        "One row per SKU and location.",
        "sku location_code",
        "on_hand_qty committed_qty backordered_qty spared_qty unapproved_qty partner_open_qty unreflected_qty unseen_qty held_qty blocked_qty "
        "atp_qty other_short_qty available_qty oldest_input_at_utc",
    ),
    _table(
        "out_channel_quantities",
        "One row per channel, SKU and location (location empty where the channel takes one number).",
        "channel_code sku location_code",
        "pool_qty arriving_qty share_qty buffer_qty cap_qty publish_qty rule_code contract_fingerprint",
        "cap_qty",
    ),
    _table(
        "out_quantity_changes",
        "One row per shop, inventory item and location that must change.",
        "shop_code inventory_item_id_shopify location_id_shopify",
        "channel_code sku location_code expected_qty desired_qty change_key",
    ),
    _table(
        "out_activations",
        "One row per shop, inventory item and location that must be stocked before it can show a number.",
        "shop_code inventory_item_id_shopify location_id_shopify",
        "channel_code sku location_code publish_qty",
    ),
    _table(
        "out_plan",
        "One row per channel, SKU and location whose number a change of the contract would alter.",
        "channel_code sku location_code",
        "before_qty after_qty change_qty why",
    ),
    _table(
        "out_shadow",
        "One row per channel, SKU and location that a shop shows otherwise than we would.",
        "channel_code sku location_code",
        "shown_qty publish_qty units_qty verdict_code why",
    ),
    _table("out_feed_rows", "One row per channel and SKU.", "channel_code sku", "publish_qty"),
    _table(
        "out_netsuite_documents",
        "One row per NetSuite document to write, leave or set aside.",
        "external_id",
        "shop_code order_id_shopify order_name step_count action_code record_type source_external_id source_record_type reason_code reason "
        "total_amount currency_code taxes transaction_date gateway payload payload_hash",
        "reason_code reason record_type source_external_id source_record_type payload payload_hash total_amount taxes gateway",
    ),
    _table(
        "out_netsuite_document_lines",
        "One row per line of a NetSuite document.",
        "external_id line_number",
        "order_line_id_shopify item_id_netsuite location_id_netsuite quantity_qty line_amount line_kind",
        "order_line_id_shopify location_id_netsuite",
    ),
    _table(
        "out_field_differences",
        "One row per document of an order, line (empty for the body) and custom field that is not what it should be.",
        "external_id order_line_id_shopify field",
        "shop_code order_id_shopify record_type transaction_id_netsuite line_id_netsuite written_value expected_value found_value "
        "cause_code modified_at_utc changed_by",
        "modified_at_utc changed_by",
    ),
    _table(
        "out_order_states",
        "One row per order captured: its one state, once what was decided is done.",
        "shop_code order_id_shopify",
        "order_name state_code last_error next_action order_updated_at_utc",
        "order_updated_at_utc",
    ),
)

TABLES: Mapping[str, Table] = {table.name: table for table in (*_TABLES, *DRIFT_TABLES, *SERIAL_TABLES)}
"""Every frame by its name."""
