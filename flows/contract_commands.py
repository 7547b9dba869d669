"""Commands about the contract: what changed since it was applied last, and applying it."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from contract.difference import Change, find_changes
from contract.loading import LoadedContract, load_contract
from contract.settings import read_settings
from flows import screen
from flows.wiring import open_store
from store import contracts, schema_baselines

app = typer.Typer(name="contract", help="What changed in it, and applying it.", no_args_is_help=True, rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


@app.command(short_help="What changed since it was applied last.")
def diff(as_json: Json = False) -> None:
    """Show every key of the contract that differs from the version that was applied last; 1 where one does."""
    loaded = load_contract(read_settings().contract_path)
    with open_store() as engine:
        last = contracts.last_applied(engine)
    changes = _changes(last, loaded)
    told = f"applied {last.applied_at_utc:%Y-%m-%d %H:%M} by {last.applied_by} ({last.note})" if last else "never applied"
    rows = [{"key": change.key, "was": change.before, "is": change.after} for change in changes]
    screen.show(f"Contract {loaded.fingerprint[:12]}, last {told}", rows, as_json=as_json)
    raise typer.Exit(1 if changes else 0)


@app.command(name="apply", short_help="Accept it as it is, with a note.")
def apply_it(note: Annotated[str, typer.Option(help="Why; kept with the version.")]) -> None:
    """Accept the contract as it is now, and the systems' own schema as the next run finds it."""
    loaded = load_contract(read_settings().contract_path)
    content = json.dumps(loaded.contract.model_dump(mode="json"))
    applied = contracts.Applied(loaded.fingerprint, content, getpass.getuser(), note, datetime.now(UTC))
    with open_store() as engine:
        changes = _changes(contracts.last_applied(engine), loaded)
        contracts.apply(engine, applied)
        schema_baselines.forget(engine)
    screen.plain(f"Contract {loaded.fingerprint[:12]} is applied: {len(changes)} keys differ from the version before")


def _changes(last: contracts.Applied | None, loaded: LoadedContract) -> list[Change]:
    now = loaded.contract.model_dump(mode="json")
    return find_changes(json.loads(last.content) if last else {}, now)
