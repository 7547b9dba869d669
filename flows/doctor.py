"""Doctor: tries everything a run needs, and says what to fix. It writes nothing to either vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.read_stock import read_locations
from connectors.shopify.client import ShopifyClient
from connectors.shopify.read_catalog import read_locations as read_shop_locations
from connectors.shopify.read_schema import read_schema
from contract.errors import FatalError, RetriableError, TruecountError
from contract.loading import LoadedContract, load_contract
from contract.settings import Settings, read_settings
from domain.schema_drift import missing_scopes
from flows.wiring import database_url, netsuite_client, shopify_client
from store.engine import current_revision, head_revision, open_engine

MOST_SKEW_SECONDS = 30.0
Client = TypeVar("Client", NetsuiteClient, ShopifyClient)


@dataclass(frozen=True)
class Finding:
    """One thing tried: what, whether it works, and what was seen or must be done."""

    what: str
    is_sound: bool
    told: str
    exit_code: int = 0

    def as_row(self) -> dict[str, Any]:
        """Return the finding as a row of a table."""
        return {"what": self.what, "state": "ok" if self.is_sound else "FIX", "found": self.told}


def examine() -> list[Finding]:
    """Return everything that was tried; a contract that is refused ends it, for nothing else can be tried."""
    settings = read_settings()
    try:
        loaded = load_contract(settings.contract_path)
    except TruecountError as error:
        return [Finding("contract", is_sound=False, told=str(error), exit_code=error.exit_code)]
    netsuite = [("NetSuite clock", _clock), ("NetSuite", _netsuite)]
    found = [
        Finding("contract", is_sound=True, told=f"{loaded.path}, fingerprint {loaded.fingerprint}"),
        _try("store", lambda: _store(settings, loaded)),
        *_look(partial(netsuite_client, settings, loaded), loaded, netsuite),
    ]
    for code in (shop.shop_code for shop in loaded.contract.shops):
        name = f"Shopify {code}"
        looks = [(f"{name} clock", _clock), (name, _shop), (f"{name} scopes", _scopes)]
        found += _look(partial(shopify_client, settings, loaded, code), loaded, looks)
    return found


def _look(
    connect: Callable[[], Client], loaded: LoadedContract, looks: Sequence[tuple[str, Callable[[Client, LoadedContract], str]]]
) -> Iterator[Finding]:
    """Yield what is seen at a system; of one that cannot be reached only the first look is tried, for each waits in vain."""
    for what, look in looks:
        found = _try(what, partial(_at, connect, look, loaded))
        yield found
        if found.exit_code == RetriableError.exit_code:
            return


def _at(connect: Callable[[], Client], look: Callable[[Client, LoadedContract], str], loaded: LoadedContract) -> str:
    return look(connect(), loaded)


def _try(what: str, action: Callable[[], str]) -> Finding:
    try:
        return Finding(what, is_sound=True, told=action())
    except TruecountError as error:
        return Finding(what, is_sound=False, told=str(error), exit_code=error.exit_code)


def _store(settings: Settings, loaded: LoadedContract) -> str:
    engine = open_engine(database_url(settings, loaded))
    try:
        at, head = current_revision(engine), head_revision()
    finally:
        engine.dispose()
    told = "is at the newest migration" if at == head else f"will be migrated from {at or 'nothing'} to {head} by the next run"
    return f"{engine.dialect.name} {told}"


def _clock(client: NetsuiteClient | ShopifyClient, _: LoadedContract) -> str:
    """Compare our clock with the vendor's: NetSuite refuses a login whose time is off, and orders are dated by theirs."""
    theirs = client.clock()
    if theirs is None:
        return "the answer has no Date; nothing to compare with"
    off = (datetime.now(UTC) - theirs).total_seconds()
    if abs(off) > MOST_SKEW_SECONDS:
        where = "ahead of" if off > 0 else "behind"
        told = f"this machine's clock is {abs(off):.0f} s {where} the vendor's ({theirs:%Y-%m-%d %H:%M:%S} UTC)"
        raise FatalError(f"{told}; set it right (NTP), or logins are refused")
    return f"within {max(1, round(abs(off)))} s of ours"


def _netsuite(client: NetsuiteClient, loaded: LoadedContract) -> str:
    seen = set(read_locations(client, run_id="doctor", extracted_at=datetime.now(UTC))["location_id_netsuite"])
    wanted = {name for location in loaded.contract.locations for name in location.netsuite_locations}
    return _places(f"account {client.account_id} answers", len(seen), sorted(wanted - seen))


def _shop(client: ShopifyClient, loaded: LoadedContract) -> str:
    seen = set(read_shop_locations(client, run_id="doctor", extracted_at=datetime.now(UTC))["location_id_shopify"])
    wanted = {gid for place in loaded.contract.locations if (gid := place.shopify_locations.get(client.shop_code))}
    return _places(f"{client.domain} answers", len(seen), sorted(wanted - seen))


def _scopes(client: ShopifyClient, loaded: LoadedContract) -> str:
    held = set(read_schema(client, (), run_id="doctor", extracted_at=datetime.now(UTC))["raw_shopify__scopes"]["scope"])
    missing = missing_scopes(held, loaded.contract)
    if missing:
        raise FatalError(f"{client.domain}: the app lacks {', '.join(missing)}; grant them to it, and install it again")
    return f"the {len(held)} that the app holds are all that runs need"


def _places(told: str, count: int, missing: list[str]) -> str:
    if missing:
        raise TruecountError(f"{told}, but these locations of the contract are not there or not visible: {', '.join(missing)}")
    return f"{told}, {count} locations, all of the contract's among them"
