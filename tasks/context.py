"""What every task is given: the contract, the store, the clients. Built once, in `flows/wiring.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from connectors.endpoints import Endpoint
from connectors.netsuite.client import NetsuiteClient
from connectors.shopify.client import ShopifyClient
from contract.loading import LoadedContract
from contract.models import Contract


class Context:
    """The contract, the store and one client per system.

    A plain class, not a dataclass: Prefect walks into the fields of a task's dataclass arguments.

    Args:
        loaded: the contract with its path and fingerprint.
        engine: the store.
        netsuite: the account.
        shops: a client per shop code.
        endpoints: a client per http channel.
        partner_tokens: the bearer token of each partner's endpoint.
        now: the clock.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one place builds it
        self,
        loaded: LoadedContract,
        engine: Engine,
        netsuite: NetsuiteClient,
        shops: Mapping[str, ShopifyClient],
        endpoints: Mapping[str, Endpoint],
        partner_tokens: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.loaded = loaded
        self.engine = engine
        self.netsuite = netsuite
        self.shops = shops
        self.endpoints = endpoints
        self.partner_tokens = partner_tokens
        self.now = now

    @property
    def contract(self) -> Contract:
        """The contract's content."""
        return self.loaded.contract

    @property
    def state_folder(self) -> Path:
        """Where snapshots and budgets live."""
        return self.loaded.state_folder
