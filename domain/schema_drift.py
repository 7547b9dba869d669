"""Schema drift: what both systems say of their own fields, scopes and versions, against the contract and the last run.

Renamed, removed, retyped, made mandatory, hidden from the role are told apart: a field is known again by NetSuite's internal
id; the metadata catalog has what the role may write, `CustomField` what there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from contract.frames import Frames, empty
from contract.models import Contract, FieldMapping
from domain.findings import finding, settle

SCHEMA_FRAMES = (
    "raw_netsuite__custom_fields",
    "raw_netsuite__catalog_fields",
    "raw_netsuite__list_values",
    "raw_shopify__metafield_definitions",
    "raw_shopify__scopes",
    "raw_shopify__api_versions",
    "raw_netsuite__locations",
    "raw_shopify__locations",
)
"""What is compared; a run keeps them, so that the next one has the last."""
COMPARED = (
    "field_removed",
    "field_renamed",
    "field_retyped",
    "field_relabelled",
    "list_value_gone",
    "list_value_renamed",
    "definition_removed",
    "definition_retyped",
    "scope_lost",
    "location_renamed",
)
"""Checks that compare with the last run: while one of them is open, what was known then stays known."""
NEEDED_SCOPES = (
    "read_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
    "read_all_orders",
    "read_merchant_managed_fulfillment_orders",
)
"""Scopes without which no number is right: lacking the last two, Shopify leaves out orders and says nothing."""
_RECORDS = {"body": "salesOrder", "line": "salesOrder", "customer": "customer"}
_JSON_TYPES = {
    "text": ("string", ""),
    "integer": ("integer", ""),
    "decimal": ("number", ""),
    "date": ("string", "date"),
    "checkbox": ("boolean", ""),
    "list": ("object", ""),
    "multi_select": ("object", ""),
    "record": ("object", ""),
}
_LOOSE_FORMATS = frozenset({"double", "float", "int64", "int32", ""})
_WARNING_DAYS = 60
Row = Mapping[str, Any]


def find_schema_drift(live: Frames, before: Frames, contract: Contract, api_version: str, at: datetime) -> pd.DataFrame:
    """Return `out_findings` of the schema.

    Args:
        live: the frames of `SCHEMA_FRAMES` as read now; one that was not read is left out.
        before: the same of the last run; empty where there is none.
        contract: what is mapped.
        api_version: the version of Shopify's API that is spoken, as `2026-10`.
        at: the run's instant.
    """
    rows = [
        *_netsuite_fields(live, before, contract),
        *_list_values(live, before, contract),
        *_definitions(live, before, contract),
        *_access(live, before, contract, api_version, at.astimezone(UTC).date()),
        *_locations(live, before, contract),
    ]
    return settle(rows, contract)


def _netsuite_fields(live: Frames, before: Frames, contract: Contract) -> Iterator[dict[str, Any]]:
    if "raw_netsuite__custom_fields" not in live:
        return
    fields, known = _rows(live, "raw_netsuite__custom_fields"), _rows(before, "raw_netsuite__custom_fields")
    by_script = {str(row["script_id"]).lower(): row for row in fields}
    by_id = {row["internal_id_netsuite"]: row for row in fields}
    was = {str(row["script_id"]).lower(): row for row in known}
    catalog = {(str(row["record_type"]), str(row["script_id"]).lower()): row for row in _rows(live, "raw_netsuite__catalog_fields")}
    read_types = {record for record, _ in catalog}
    line_id = FieldMapping(level="line", source="line.id", target=contract.account.line_id_field, purpose="reporting")
    for mapping in (*contract.orders.fields, line_id):
        target, record = mapping.target.lower(), _RECORDS[mapping.level]
        writable = catalog.get((record, target))
        there, old = by_script.get(target), was.get(target)
        if there is None and (record not in read_types or writable is None):
            now = by_id.get(old["internal_id_netsuite"]) if old else None
            if now is not None:
                yield finding("field_renamed", target, expected=target, found=now["script_id"], examples=[str(now["name"])])
            else:
                yield finding("field_removed", target, expected=mapping.type)
            continue
        if writable is None and record in read_types:
            yield finding("field_hidden", target, expected=f"in {record}", found="not in the metadata catalog of our role")
            continue
        if mapping is not line_id or writable is None or old is not None:
            yield from _changed(mapping, there, old, writable)
    yield from _mandatory(fields, contract)


def _changed(mapping: FieldMapping, there: Row | None, old: Row | None, writable: Row | None) -> Iterator[dict[str, Any]]:
    target = mapping.target.lower()
    wanted = _JSON_TYPES[mapping.type]
    if writable is not None and not _fits(writable, wanted):
        found = "/".join(part for part in (str(writable["json_type"]), str(writable["format"] or "")) if part)
        yield finding("field_retyped", target, expected=mapping.type, found=found)
    elif there is not None and old is not None and _kind(there) != _kind(old):
        yield finding("field_retyped", target, expected=_kind(old), found=_kind(there))
    if there is not None and old is not None and there["name"] != old["name"]:
        yield finding("field_relabelled", target, expected=old["name"], found=there["name"])


def _mandatory(fields: list[dict[str, Any]], contract: Contract) -> Iterator[dict[str, Any]]:
    filled = {m.target.lower() for m in contract.orders.fields if m.is_required or m.default is not None}
    levels = {"custbody": "body", "custcol": "line"} | ({"custentity": "customer"} if contract.orders.customers == "own" else {})
    for row in fields:
        script = str(row["script_id"]).lower()
        is_ours = script in filled or script == contract.account.line_id_field.lower()
        if row["is_mandatory"] == "T" and script.split("_")[0] in levels and not is_ours:
            name = [str(row["name"])]
            yield finding("field_mandatory", script, expected="always filled", found="may be left out", examples=name)


def _list_values(live: Frames, before: Frames, contract: Contract) -> Iterator[dict[str, Any]]:
    """Yield the values that a mapping names and that are gone, switched off or called otherwise than in the last run.

    Of a field that has no values at all (it chooses from records, or our role may not see its list) only one that had some is told.
    """
    if "raw_netsuite__list_values" not in live:
        return
    now, was = (_lists(frames) for frames in (live, before))
    for mapping in contract.orders.fields:
        target = mapping.target.lower()
        if target in now:
            for number in dict.fromkeys(mapping.values.values()):
                said = [text for text, one in mapping.values.items() if one == number]
                yield from _list_value((target, number), now[target].get(number), was.get(target, {}).get(number), said)
        elif target in was and mapping.values:
            names = sorted({str(row["list_script_id"]) for row in was[target].values()})
            yield finding("list_value_gone", target, expected=", ".join(names), found="no list that our role may see")


def _list_value(key: tuple[str, str], row: Row | None, old: Row | None, said: list[str]) -> Iterator[dict[str, Any]]:
    target, number = key
    if row is None or row["is_inactive"] == "T":
        named, found = f"{number} ({old['name']})" if old else number, "removed" if row is None else f"{row['name']}, switched off"
        yield finding("list_value_gone", target, field=number, expected=named, found=found, examples=said)
    elif old is not None and row["name"] != old["name"]:
        yield finding("list_value_renamed", target, field=number, expected=old["name"], found=row["name"], examples=said)


def _lists(frames: Frames) -> dict[str, dict[str, Row]]:
    """Return the values by number of each field that chooses from a list."""
    found: dict[str, dict[str, Row]] = {}
    for row in _rows(frames, "raw_netsuite__list_values"):
        found.setdefault(str(row["script_id"]), {})[str(row["value_id_netsuite"])] = row
    return found


def _definitions(live: Frames, before: Frames, contract: Contract) -> Iterator[dict[str, Any]]:
    if "raw_shopify__metafield_definitions" not in live:
        return
    keys = sorted(
        {m.source.removeprefix("order.metafield.") for m in contract.orders.fields if m.source.startswith("order.metafield.")}
    )
    now, was = (
        {
            (row["shop_code"], row["owner_type"], row["metafield_key"]): row
            for row in _rows(frames, "raw_shopify__metafield_definitions")
        }
        for frames in (live, before)
    )
    for shop in contract.shops:
        for key in keys:
            name = (shop.shop_code, "ORDER", key)
            if name not in now:
                # A metafield may be used without a definition: only one that had one is missing it.
                if name in was:
                    yield finding("definition_removed", f"{shop.shop_code} {key}", expected=was[name]["value_type"])
            elif name in was and was[name]["value_type"] != now[name]["value_type"]:
                yield finding(
                    "definition_retyped", f"{shop.shop_code} {key}", expected=was[name]["value_type"], found=now[name]["value_type"]
                )


def _access(live: Frames, before: Frames, contract: Contract, api_version: str, today: date) -> Iterator[dict[str, Any]]:
    now, was = (_by_shop(frames, "raw_shopify__scopes", "scope") for frames in (live, before))
    versions = _by_shop(live, "raw_shopify__api_versions", "version")
    supported = {
        (row["shop_code"], row["version"]) for row in _rows(live, "raw_shopify__api_versions") if row["is_supported"] == "true"
    }
    for shop in (shop.shop_code for shop in contract.shops):
        if shop in now:
            missing = missing_scopes(now[shop], contract)
            for scope, stream in missing.items():
                yield finding("scope_missing", shop, field=scope, expected=scope) | {"stream_code": stream}
            for scope in sorted(was.get(shop, set()) - with_implied(now[shop]) - set(missing)):
                yield finding("scope_lost", shop, field=scope, expected=scope)
        if shop in versions and (shop, api_version) not in supported:
            newest = (
                max(version for owner, version in supported if owner == shop) if any(o == shop for o, _ in supported) else "none"
            )
            yield finding("api_version_unsupported", shop, expected=api_version, found=f"newest supported: {newest}")
        elif shop in versions and (left := (end_of_support(api_version) - today).days) <= _WARNING_DAYS:
            yield finding(
                "api_version_ends", shop, expected=api_version, found=f"ends {end_of_support(api_version)}, in {left} days"
            )


def missing_scopes(held: Collection[str], contract: Contract) -> dict[str, str]:
    """Return the scopes that a shop's app lacks, each with the stream that cannot do without it."""
    needed = dict.fromkeys(NEEDED_SCOPES, "inventory")
    if contract.serials.metafield:
        needed["write_orders"] = "orders"
    if contract.orders.follow_to != "order":
        needed["write_merchant_managed_fulfillment_orders"] = "orders"
    have = with_implied(held)
    return {scope: stream for scope, stream in needed.items() if scope not in have}


def with_implied(scopes: Collection[str]) -> set[str]:
    """Return scopes with what they imply: what may be written may be read.

    >>> sorted(with_implied({"write_orders"}))
    ['read_orders', 'write_orders']
    """
    return {*scopes, *("read_" + scope.removeprefix("write_") for scope in scopes if scope.startswith("write_"))}


def end_of_support(version: str) -> date:
    """Return the first day on which Shopify no longer promises a version: a year after its release.

    >>> end_of_support("2026-10")
    datetime.date(2027, 10, 1)
    """
    year, month = version.split("-")
    return date(int(year) + 1, int(month), 1)


def _locations(live: Frames, before: Frames, contract: Contract) -> Iterator[dict[str, Any]]:
    wanted = [("NetSuite", "", number, place.location_code) for place in contract.locations for number in place.netsuite_locations]
    wanted += [("Shopify", shop, gid, p.location_code) for p in contract.locations for shop, gid in p.shopify_locations.items()]
    now, was = (_places(frames) for frames in (live, before))
    # A run over some orders reads their shops only.
    read = {(system, shop) for system, shop, _ in now}
    for system, shop, number, code in wanted:
        if (system, shop) not in read:
            continue
        key, name = (system, shop, number), f"{code} in {f'{system} {shop}'.strip()}"
        found = now.get(key)
        if found is None:
            yield finding("location_gone", name, expected=number)
            continue
        if not found["is_on"]:
            yield finding("location_inactive", name, expected="active", found="switched off")
        if key in was and was[key]["name"] != found["name"]:
            yield finding("location_renamed", name, expected=was[key]["name"], found=found["name"])


def _places(frames: Frames) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {
        ("NetSuite", "", str(row["location_id_netsuite"])): {"name": row["name"], "is_on": row["is_inactive"] != "T"}
        for row in _rows(frames, "raw_netsuite__locations")
    }
    return found | {
        ("Shopify", str(row["shop_code"]), str(row["location_id_shopify"])): {
            "name": row["name"],
            "is_on": row["is_active"] == "true",
        }
        for row in _rows(frames, "raw_shopify__locations")
    }


def _fits(writable: Row, wanted: tuple[str, str]) -> bool:
    kind, form = str(writable["json_type"] or ""), str(writable["format"] or "")
    if wanted[0] == "number" and kind == "integer":
        return True
    return kind == wanted[0] and (form == wanted[1] or (form in _LOOSE_FORMATS and not wanted[1]) or wanted[0] == "object")


def _kind(row: Row) -> str:
    return " ".join(str(row[name]) for name in ("field_type", "value_type") if row[name])


def _by_shop(frames: Frames, name: str, column: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in _rows(frames, name):
        found.setdefault(str(row["shop_code"]), set()).add(str(row[column]))
    return found


def _rows(frames: Frames, name: str) -> list[dict[str, Any]]:
    frame = frames.get(name, empty(name))
    clean = frame.astype("object").where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in clean.to_dict("records")]
