"""The one composition root: settings and contract in, clients and store out. Nothing happens at import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine

from connectors.endpoints import Endpoint
from connectors.netsuite.client import NetsuiteClient
from connectors.shopify.client import ShopifyClient
from contract.errors import ContractError, Problem
from contract.loading import LoadedContract, load_contract
from contract.settings import Settings, read_settings
from store.engine import migrate, open_engine
from tasks.context import Context


@contextmanager
def open_context(shop_codes: Sequence[str] = ()) -> Iterator[Context]:
    """Yield the context of a run.

    Args:
        shop_codes: the shops to work on; all of the contract's where left out.

    Raises:
        ContractError: the contract is refused, or a shop is not in it; before any call.
        FatalError: the database cannot be reached, or credentials are missing.
    """
    settings = read_settings()
    loaded = load_contract(settings.contract_path)
    chosen = _chosen_shops(loaded, shop_codes)
    engine = open_engine(database_url(settings, loaded))
    try:
        migrate(engine)
        yield Context(
            loaded,
            engine,
            netsuite_client(settings, loaded),
            {code: shopify_client(settings, loaded, code) for code in chosen},
            {
                channel.channel_code: Endpoint(channel.channel_code, channel.url, settings.channel_secret(channel.channel_code))
                for channel in loaded.contract.channels
                if channel.kind == "http" and channel.url
            },
            {partner.partner_code: settings.partner_token(partner.partner_code) for partner in loaded.contract.partners},
        )
    finally:
        engine.dispose()


@contextmanager
def open_store() -> Iterator[Engine]:
    """Yield the contract's store by itself: neither vendor is asked anything.

    Raises:
        ContractError: the contract is refused.
        FatalError: the database cannot be reached.
    """
    settings = read_settings()
    engine = open_engine(database_url(settings, load_contract(settings.contract_path)))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def database_url(settings: Settings, loaded: LoadedContract) -> str:
    """Return the store's URL: the environment's, else a SQLite file in the state folder."""
    return settings.database_url or f"sqlite:///{loaded.state_folder / 'truecount.sqlite3'}"


def netsuite_client(settings: Settings, loaded: LoadedContract) -> NetsuiteClient:
    """Return the client of the contract's account."""
    account = loaded.contract.account
    folder = loaded.state_folder / "budgets"
    return NetsuiteClient(account.account_id, settings.netsuite, state_folder=folder, concurrency=account.concurrency)


def shopify_client(settings: Settings, loaded: LoadedContract, shop_code: str) -> ShopifyClient:
    """Return the client of one shop of the contract."""
    shop = loaded.contract.shop(shop_code)
    return ShopifyClient(shop_code, shop.domain, settings.for_shop(shop_code), state_folder=loaded.state_folder / "budgets")


def _chosen_shops(loaded: LoadedContract, shop_codes: Sequence[str]) -> list[str]:
    known = [shop.shop_code for shop in loaded.contract.shops]
    unknown = [code for code in shop_codes if code not in known]
    if unknown:
        problem = Problem(0, "shops", f"{', '.join(unknown)}: no such shop; the contract has {', '.join(known)}")
        raise ContractError(str(loaded.path), [problem])
    return [code for code in known if not shop_codes or code in shop_codes]
