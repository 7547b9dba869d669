"""Drift: both systems' own schema, the contract's version and the orders' values, checked before anything is written."""

from __future__ import annotations

import getpass
import json
import logging
from datetime import datetime

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.read_schema import read_catalog_fields, read_custom_fields, read_list_values
from connectors.shopify.read_catalog import read_locations
from connectors.shopify.read_schema import OWNERS, read_schema
from connectors.shopify.responses import API_VERSION
from contract.difference import find_changes
from contract.errors import FatalError
from contract.frames import Frames
from domain.conform_netsuite import conform_items
from domain.coverage import find_uncovered
from domain.distribution import find_shifts, observe
from domain.findings import CHECKS, finding, halting, sentence, settle
from domain.schema_drift import COMPARED, SCHEMA_FRAMES, find_schema_drift
from store import contracts, findings, observations, schema_baselines
from tasks.context import Context
from tasks.outcome import Run
from tasks.read_inventory import each_shop, each_shop_frames

log = logging.getLogger(__name__)
_WHOLE_ONLY = ("field_", "list_value_", "definition_")
"""Checks that only a run carries out which has read NetSuite's schema."""
SCHEMA_CHECKS = tuple(
    code for code in CHECKS if code.startswith((*_WHOLE_ONLY, "scope_", "api_version_", "location_")) or code == "contract_changed"
)
_COVERAGE_CHECKS = tuple(code for code in CHECKS if code.startswith("unmapped_"))
_SHIFT_CHECKS = ("volume_shift", "null_shift", "share_shift", "cardinality_shift")
_OF_NETSUITE = ("raw_netsuite__custom_fields", "raw_netsuite__catalog_fields")


@task(name="read schema", cache_policy=NO_CACHE)
def read_schema_frames(context: Context, run_id: str, *, for_numbers: bool = False) -> dict[str, pd.DataFrame]:
    """Return what both systems say of their own schema; for numbers only the shops' scopes and versions."""
    at, owners = context.now(), () if for_numbers else OWNERS
    frames = each_shop_frames(context, lambda client: read_schema(client, owners, run_id=run_id, extracted_at=at))
    if for_numbers:
        return frames
    fields = read_custom_fields(context.netsuite, run_id=run_id, extracted_at=at)
    chosen = {mapping.target for mapping in context.contract.orders.fields if mapping.values}
    return frames | {
        "raw_netsuite__custom_fields": fields,
        "raw_netsuite__list_values": read_list_values(context.netsuite, fields, chosen, run_id=run_id, extracted_at=at),
        "raw_netsuite__catalog_fields": read_catalog_fields(context.netsuite, run_id=run_id, extracted_at=at),
    }


def readable_fields(schema: Frames) -> set[str]:
    """Return the custom fields that our role can read: those of the account that the metadata catalog has too."""
    names = (schema[name]["script_id"].str.lower() for name in _OF_NETSUITE)
    return set.intersection(*map(set, names))


@task(name="check access", cache_policy=NO_CACHE)
def check_access(context: Context, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the shops' scopes and API versions, read first of all: without them nothing else can be read.

    Raises:
        FatalError: our version is retired, or a scope to read or a location of the contract is missing; a finding says so, for no
            later step is reached.
    """
    access = read_schema_frames.fn(context, run_id, for_numbers=True)
    _stop_where_blind(context, run_id, access)
    places = each_shop(context, lambda shop: read_locations(shop, run_id=run_id, extracted_at=context.now()))
    _stop_where_blind(context, run_id, {"raw_shopify__locations": places})
    return access


@task(name="find schema drift", cache_policy=NO_CACHE)
def find_drift(context: Context, run_id: str, live: Frames) -> pd.DataFrame:
    """Return the findings of schema and contract, stored.

    Args:
        context: the run's context.
        run_id: the run.
        live: the frames that were read, with the catalogue's locations.
    """
    known = {name: live[name] for name in SCHEMA_FRAMES if name in live}
    found = find_schema_drift(known, schema_baselines.load(context.engine), context.contract, API_VERSION, context.now())
    is_every_shop = set(context.shops) == {shop.shop_code for shop in context.contract.shops}
    if is_every_shop and not found["check_code"].isin(COMPARED).any():
        schema_baselines.save(context.engine, run_id, known, at_utc=context.now())
    found = _with_contract(context, found)
    whole = all(name in known for name in _OF_NETSUITE)
    checks = SCHEMA_CHECKS if whole else tuple(code for code in SCHEMA_CHECKS if not code.startswith(_WHOLE_ONLY))
    checks = checks if is_every_shop else ()
    findings.record(context.engine, run_id, found, checks, at_utc=context.now())
    return found


@task(name="check schema", cache_policy=NO_CACHE)
def check_schema(context: Context, run: Run, stream: str, live: Frames) -> pd.DataFrame:
    """Return the findings of schema and contract, before anything is written.

    Args:
        context: the run's context.
        run: the run.
        stream: `orders` or `inventory`: what is about to be written.
        live: the frames that were read, with the catalogue's locations.

    Raises:
        FatalError: a finding halts this stream: the message says what to do, and how to go on.
    """
    found = find_drift.fn(context, run.run_id, live)
    stopping = halting(found, stream)
    if len(stopping):
        how = "mend it and start the run again, or set its severity in drift.severities"
        raise FatalError(f"Truecount: the {stream} stream is halted, nothing was written: {_sentences(stopping)} To go on: {how}.")
    return found


def _stop_where_blind(context: Context, run_id: str, read: Frames) -> None:
    found = find_schema_drift(read, {}, context.contract, API_VERSION, context.now())
    blind = found["check_code"].isin(["api_version_unsupported", "location_gone"]) | found["field"].str.startswith("read_")
    stopping = found.loc[blind & found["severity_code"].eq("halt")]
    if len(stopping):
        findings.record(context.engine, run_id, stopping, (), at_utc=context.now())
        raise FatalError(f"Truecount: a shop cannot be read, nothing was written: {_sentences(stopping)}")


def _sentences(rows: pd.DataFrame) -> str:
    return "; ".join(sentence({str(k): v for k, v in row.items()}) for row in rows.to_dict("records"))


def _with_contract(context: Context, found: pd.DataFrame) -> pd.DataFrame:
    """Return the findings with that of a contract which nobody has applied yet; the very first is applied by itself."""
    last, loaded = contracts.last_applied(context.engine), context.loaded
    if last is None:
        apply_contract(context, "the first run")
        return found
    if last.contract_fingerprint == loaded.fingerprint:
        return found
    changes = find_changes(json.loads(last.content), loaded.contract.model_dump(mode="json"))
    row = finding(
        "contract_changed",
        "contract",
        expected=f"{last.contract_fingerprint[:12]}, applied by {last.applied_by}",
        found=loaded.fingerprint[:12],
        rows=len(changes),
        examples=[f"{change.key}: {change.before or 'none'} -> {change.after or 'none'}" for change in changes],
    )
    if context.contract.drift.must_be_reviewed:
        row["severity_code"] = "halt"
    both = settle([row], context.contract)
    if context.contract.drift.must_be_reviewed:
        both = pd.concat([both, both.assign(stream_code="inventory", field="numbers")], ignore_index=True)
    return pd.concat([found, both], ignore_index=True) if len(found) else both


def apply_contract(context: Context, note: str) -> None:
    """Record the contract as applied."""
    content = json.dumps(context.contract.model_dump(mode="json"))
    applied = contracts.Applied(context.loaded.fingerprint, content, getpass.getuser(), note, context.now())
    contracts.apply(context.engine, applied)


@task(name="check coverage", cache_policy=NO_CACHE)
def check_coverage(context: Context, run_id: str, raw: Frames) -> pd.DataFrame:
    """Return the findings of values that the contract has no place for, stored."""
    core_items, _ = conform_items(raw["raw_netsuite__items"])
    found = find_uncovered(raw, frozenset(core_items["sku"]), context.contract)
    findings.record(context.engine, run_id, found, _COVERAGE_CHECKS, at_utc=context.now())
    return found


@task(name="check distribution", cache_policy=NO_CACHE)
def check_distribution(context: Context, run_id: str, raw: Frames, day: datetime) -> pd.DataFrame:
    """Return the findings of a day's orders that are unlike those of the days before, stored; the day is remembered.

    Args:
        context: the run's context.
        run_id: the run.
        raw: the order frames of the orders placed on that day.
        day: an instant of it.
    """
    rules = context.contract.drift
    seen = observe(raw, context.contract)
    past = observations.before(context.engine, day.date(), days=rules.baseline_days)
    found = find_shifts(seen, past, context.contract)
    observations.record(context.engine, run_id, seen, day.date(), keep_days=rules.baseline_days + 7)
    findings.record(context.engine, run_id, found, _SHIFT_CHECKS, at_utc=context.now())
    return found
