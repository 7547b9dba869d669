"""The frames of drift and reconciliation: what the systems say of their own schema, and where they differ."""

from __future__ import annotations

from contract.table import table

_RUN = " run_id extracted_at_utc"

DRIFT_TABLES = (
    table(
        "raw_netsuite__custom_fields",
        "One row per custom field of documents, lines and customers that the role sees in SuiteQL.",
        "internal_id_netsuite",
        "script_id name field_type value_type list_id_netsuite is_mandatory modified_at_utc" + _RUN,
    ),
    table(
        "raw_netsuite__catalog_fields",
        "One row per record type and custom field that REST takes, by the metadata catalog.",
        "record_type script_id",
        "title json_type format" + _RUN,
    ),
    table(
        "raw_netsuite__list_values",
        "One row per mapped custom field that chooses from a custom list, and value of that list.",
        "script_id value_id_netsuite",
        "list_script_id name is_inactive" + _RUN,
    ),
    table(
        "raw_netsuite__documents",
        "One row per transaction that is a document of one of our orders.",
        "transaction_id_netsuite",
        "external_id transaction_type status_code transaction_date total_amount closed_amount memo other_ref_num created_at_utc "
        "modified_at_utc" + _RUN,
    ),
    table(
        "raw_netsuite__document_taxes",
        "One row per document of ours and tax item (or code, in SuiteTax): its tax by it, with NetSuite's sign.",
        "transaction_id_netsuite tax_id_netsuite",
        "tax_amount" + _RUN,
    ),
    table(
        "raw_netsuite__document_lines",
        "One row per line of a document of ours that comes to another amount than its order (amounts with NetSuite's sign).",
        "transaction_id_netsuite line_id_netsuite",
        "item_id_netsuite is_closed line_qty line_amount order_line_id_shopify" + _RUN,
    ),
    table(
        "raw_netsuite__field_changes",
        "One row per change of a custom field of a document, as the system notes tell it.",
        "note_id",
        "transaction_id_netsuite field line_id_netsuite changed_by context changed_at_utc" + _RUN,
    ),
    table(
        "raw_shopify__metafield_definitions",
        "One row per shop, kind of owner and metafield definition.",
        "shop_code owner_type metafield_key",
        "value_type name" + _RUN,
    ),
    table("raw_shopify__scopes", "One row per shop and scope that the app was granted.", "shop_code scope", _RUN.strip()),
    table(
        "raw_shopify__api_versions",
        "One row per shop and version of its API.",
        "shop_code version",
        "is_supported" + _RUN,
    ),
    table(
        "out_findings",
        "One row per finding: a check, the thing that it is about, and the field.",
        "check_code object_key field",
        "stream_code severity_code expected found units_qty rows_count examples told action",
        "field",
    ),
    table(
        "out_observations",
        "One row per metric and thing measured by a run.",
        "metric_code object_key",
        "hit_count total_count",
    ),
    table(
        "out_stock_differences",
        "One row per channel, SKU, location (empty where the channel takes one number) and cause.",
        "channel_code sku location_code cause_code",
        "netsuite_qty atp_qty publish_qty shown_qty units_qty verdict_code evidence",
        "netsuite_qty atp_qty publish_qty shown_qty",
    ),
    table(
        "out_order_differences",
        "One row per order, document and cause.",
        "shop_code order_id_shopify external_id cause_code",
        "order_name record_type shopify_value netsuite_value difference_amount evidence",
    ),
    table(
        "out_stage_lags",
        "One row per stage: how long it takes from what happens in a shop to its document in NetSuite.",
        "stage",
        "documents_count median_minutes slowest_minutes slowest_document",
    ),
    table(
        "out_money_totals",
        "One row per day, shop, channel, gateway, currency, measure and tax titles (empty where no tax is summed).",
        "day shop_code channel gateway measure_code currency_code tax_titles",
        "shopify_amount netsuite_amount difference_amount orders_count examples",
    ),
)
