"""Settings: the only reader of the environment. Secrets live here and nowhere else; a `repr` never shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_CONTRACT = "contract/contract.yaml"


@dataclass(frozen=True)
class NetsuiteSettings:
    """How to reach the NetSuite account: OAuth 2.0 (M2M) where a client id is given, else token-based access (TBA)."""

    base_url: str = ""
    client_id: str = ""
    certificate_id: str = ""
    private_key_file: str = ""
    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    token_id: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class ShopifySettings:
    """How to reach one shop: a static token, or client credentials of an app of the shop's own organisation."""

    base_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything the environment says."""

    contract_path: Path
    database_url: str = field(repr=False)
    netsuite: NetsuiteSettings
    environment: Mapping[str, str] = field(repr=False)

    def for_shop(self, shop_code: str) -> ShopifySettings:
        """Return the settings of one shop, empty where the environment names none.

        Args:
            shop_code: the shop's code in the contract.

        Returns:
            The shop's base URL and credentials.
        """
        prefix = f"TRUECOUNT_SHOPIFY_{shop_code.upper()}_"
        return ShopifySettings(**_read(self.environment, prefix, ("base_url", "client_id", "client_secret", "token")))

    def partner_token(self, partner_code: str) -> str:
        """Return the bearer token of a partner's endpoint, empty where the environment has none.

        Args:
            partner_code: the partner's code in the contract.
        """
        return self.environment.get(f"TRUECOUNT_PARTNER_{partner_code.upper()}_TOKEN", "")

    def channel_secret(self, channel_code: str) -> str:
        """Return the secret that signs what is posted to an http channel, empty where the environment has none.

        Args:
            channel_code: the channel's code in the contract.
        """
        return self.environment.get(f"TRUECOUNT_CHANNEL_{channel_code.upper()}_SECRET", "")


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment gives.

    Args:
        environment: variable names to values; the process's own where left out.

    Returns:
        The settings; nothing is checked here (`truecount doctor` tries them).
    """
    env = dict(os.environ if environment is None else environment)  # noqa: TID251 - the one reader
    names = (
        "base_url",
        "client_id",
        "certificate_id",
        "private_key_file",
        "consumer_key",
        "consumer_secret",
        "token_id",
        "token_secret",
    )
    return Settings(
        contract_path=Path(env.get("TRUECOUNT_CONTRACT") or DEFAULT_CONTRACT),
        database_url=env.get("TRUECOUNT_DATABASE_URL", ""),
        netsuite=NetsuiteSettings(**_read(env, "TRUECOUNT_NETSUITE_", names)),
        environment=env,
    )


def _read(environment: Mapping[str, str], prefix: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: environment.get(prefix + name.upper(), "") for name in names}


def child_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with more in it, for a process of our own (the demo's).

    Args:
        more: names to values; an empty value removes the name.
    """
    merged = {**os.environ, **more}  # noqa: TID251 - the one reader
    return {name: value for name, value in merged.items() if value or name not in more}


def prefer(defaults: Mapping[str, str]) -> None:
    """Set variables of this process that the environment leaves open: how we run the tools that read them.

    Args:
        defaults: names to values.
    """
    for name, value in defaults.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - the one reader


def insist(values: Mapping[str, str]) -> None:
    """Set variables of this process, whatever the environment says: the demo runs against its own servers only.

    Args:
        values: names to values; an empty value removes the name.
    """
    for name, value in values.items():
        if value:
            os.environ[name] = value  # noqa: TID251 - the one reader
        else:
            os.environ.pop(name, None)  # noqa: TID251 - the one reader
