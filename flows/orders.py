"""Commands about orders: where one is, and what is in quarantine, looked at and settled by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from contract.errors import FatalError
from flows import screen
from flows.serials import serials_of_order
from flows.wiring import open_store
from store import documents, orders, quarantine

app = typer.Typer(name="quarantine", help="What was set aside: look at it, settle it.", no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Key = Annotated[str, typer.Argument(help="SHOP/NUMBER as the list shows it: the shop and Shopify's number of the order.")]
Note = Annotated[str, typer.Option(help="Why; kept with the row.")]
_DIFFERS = (
    "external_id",
    "order_line_id_shopify",
    "field",
    "written_value",
    "expected_value",
    "found_value",
    "changed_by",
    "modified_at_utc",
)
_LISTED = ("reason_code", "reason", "first_seen_at_utc", "last_seen_at_utc", "seen_count")


@app.command("list", short_help="What is set aside, the longest first.")
def list_rows(
    dismissed: Annotated[bool, typer.Option("--dismissed", help="What was dismissed, instead of what is open.")] = False,
    as_json: Json = False,
) -> None:
    """List what is set aside, the longest first, with its reason."""
    with open_store() as engine:
        found = screen.rows_of(quarantine.open_rows(engine, is_dismissed=dismissed))
    names = (*_LISTED, *(("note",) if dismissed else ()))
    rows = [{"order": _key_of(row), **{name: row[name] for name in names}} for row in found]
    screen.show(f"{len(rows)} {'dismissed' if dismissed else 'set aside'}", rows, as_json=as_json)


@app.command(short_help="One order in quarantine, with what was read of it.")
def show(key: Key, as_json: Json = False) -> None:
    """Show everything kept of an order that is set aside: reasons, notes, and what was read and about to be written."""
    with open_store() as engine:
        rows = [row for row in _every_row(engine) if _key_of(row) == key]
    if not rows:
        raise FatalError(f"Truecount quarantine: {key} is not in it; truecount quarantine list shows what is")
    if as_json:
        screen.plain(json.dumps(rows, default=str))
        return
    screen.show(key, [{name: row[name] for name in (*_LISTED, "dismissed_at_utc", "note")} for row in rows])
    screen.plain(json.dumps(rows[0]["payload"], indent=2, default=str))


@app.command(short_help="Try orders again now.")
def retry(keys: Annotated[list[str], typer.Argument(help="SHOP/NUMBER of each order.")], as_json: Json = False) -> None:
    """Book orders now instead of with the next run; what still does not fit stays in quarantine."""
    from flows.parameters import SyncParameters
    from flows.sync_orders import sync_orders

    with screen.progress():
        summary = sync_orders(SyncParameters(dry_run=False, orders=keys))
    screen.finish(summary, as_json=as_json)


@app.command(short_help="Take an order out of the stream, with a note.")
def dismiss(key: Key, note: Note) -> None:
    """Take an order out of the stream: nothing is written for it until it is released. For what is settled by hand."""
    shop, gid = _order(key)
    with open_store() as engine:
        count = quarantine.dismiss(engine, shop, gid, note)
    _tell(key, count, "dismissed: nothing is written for it until it is released", "is not set aside")


@app.command(short_help="Take a dismissed order back into the stream.")
def release(key: Key, note: Note) -> None:
    """Take a dismissed order back into the stream: the next run tries it again."""
    shop, gid = _order(key)
    with open_store() as engine:
        count = quarantine.release(engine, shop, gid, note)
    _tell(key, count, f"released; the next run tries it, or now: truecount quarantine retry {key}", "is not dismissed")


def rewrite(causes: list[str], days: int, *, write: bool, as_json: bool) -> None:
    """Show which custom fields of booked orders differ for these causes, and write them again where told to."""
    from flows.parameters import FieldParameters
    from flows.rewrite_fields import rewrite_fields
    from flows.wiring import open_context
    from store.snapshots import load_snapshot

    parameters = FieldParameters.model_validate({"dry_run": not write, "days": days, "causes": causes})
    with open_context():  # What is wrong with the contract is told before Prefect starts.
        pass
    with screen.progress():
        summary = rewrite_fields(parameters)
    if not as_json:
        found = load_snapshot(Path(summary.snapshot))[0]["out_field_differences"]
        chosen = found.loc[found["cause_code"].isin(causes)]
        screen.show("Fields", [{name: row[name] for name in _DIFFERS} for row in screen.rows_of(chosen)])
    screen.finish(summary, as_json=as_json)


def show_order(wanted: str, *, as_json: bool) -> None:
    """Show where an order is: its state, its documents, what is wrong with it.

    Raises:
        FatalError: no run has captured such an order.
    """
    with open_store() as engine:
        found = screen.rows_of(orders.find_orders(engine, wanted))
        known = screen.rows_of(documents.known_documents(engine, sorted({row["shop_code"] for row in found})))
        aside = _every_row(engine)
        for row in found:
            row["serials"] = serials_of_order(engine, row["shop_code"], row["order_id_shopify"])
    if not found:
        raise FatalError(
            f"Truecount store: no order {wanted}: no run has captured it; truecount sync-orders --order SHOP/NUMBER does"
        )
    for row in found:
        mine = (row["shop_code"], row["order_id_shopify"])
        row["documents"] = [one for one in known if (one["shop_code"], one["order_id_shopify"]) == mine]
        row["set_aside"] = [one for one in aside if (one["shop_code"], one["entity_key"]) == mine]
    if as_json:
        screen.plain(json.dumps(found, default=str))
        return
    for row in found:
        names = ("shop_code", "order_id_shopify", "state_code", "state_since_at_utc", "next_action", "last_error")
        screen.show(f"Order {row['order_name']}", [{name: row[name] for name in names}])
        shown = ("record_type", "netsuite_id", "external_id", "status", "last_seen_at_utc", "message")
        screen.show("Documents", [{name: one[name] for name in shown} for one in row["documents"]])
        if row["serials"]:
            screen.show("Serials and lots", row["serials"])
        if row["set_aside"]:
            screen.show("Set aside", [{name: one[name] for name in (*_LISTED, "note")} for one in row["set_aside"]])


def _every_row(engine: Engine) -> list[dict[str, Any]]:
    parts = (quarantine.open_rows(engine, is_dismissed=dismissed) for dismissed in (False, True))
    return [row for part in parts for row in screen.rows_of(part)]


def _key_of(row: dict[str, Any]) -> str:
    # A line of a partner's file is of no shop, and named by its partner.
    return f"{row['shop_code']}/{str(row['entity_key']).rsplit('/', 1)[-1]}" if row["shop_code"] else str(row["entity_key"])


def _order(key: str) -> tuple[str, str]:
    shop, _, number = key.partition("/")
    if not number.isdigit():
        raise typer.BadParameter(f"{key}: give SHOP/NUMBER, for example GROCER/5550001")
    return shop, f"gid://shopify/Order/{number}"


def _tell(key: str, count: int, done: str, nothing: str) -> None:
    if not count:
        screen.complain(f"{key} {nothing}; truecount quarantine list shows what is there")
        raise typer.Exit(1)
    screen.plain(f"{key} {done}")
