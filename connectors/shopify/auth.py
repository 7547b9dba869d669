"""Shopify credentials: a static token, or a client-credentials token renewed before it expires."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from connectors.http import HttpSession
from contract.errors import FatalError
from contract.settings import ShopifySettings

RENEW_BEFORE = 300.0
"""Seconds before the end of a token's life (24 hours) at which a new one is asked for."""
TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 - a path


class ShopifyToken:
    """The access token of one shop. Safe to share between threads.

    Args:
        shop_code: for messages.
        settings: the credentials.
        session: the session that asks for tokens.
        clock: seconds.
    """

    def __init__(
        self, shop_code: str, settings: ShopifySettings, session: HttpSession, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shop_code, self._settings, self._session, self._clock = shop_code, settings, session, clock
        self._lock = threading.Lock()
        self._token, self._ends = settings.token, float("inf") if settings.token else 0.0

    def current(self) -> str:
        """Return a token that is good for some minutes.

        Raises:
            FatalError: no credentials, or they are refused.
            RetriableError: the shop does not answer.
        """
        with self._lock:
            if self._clock() >= self._ends - RENEW_BEFORE:
                self._token, self._ends = self._ask()
            return self._token

    def renew(self) -> None:
        """Forget the token: the shop refused it. A static one cannot be renewed."""
        with self._lock:
            if not self._settings.token:
                self._ends = 0.0

    def _ask(self) -> tuple[str, float]:
        names = f"TRUECOUNT_SHOPIFY_{self._shop_code}_"
        if not (self._settings.client_id and self._settings.client_secret):
            raise FatalError(
                f"Shopify {self._shop_code}: no credentials; set {names}TOKEN, or {names}CLIENT_ID and {names}CLIENT_SECRET"
            )
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        try:
            answer = self._session.send("POST", TOKEN_PATH, data=form, what="access token").json()
            return str(answer["access_token"]), self._clock() + float(answer["expires_in"])
        except FatalError as error:
            raise FatalError(f"{error} ({names}CLIENT_ID, {names}CLIENT_SECRET; the app must be installed in the shop)") from None
        except (KeyError, ValueError) as error:
            raise FatalError(
                f"Shopify {self._shop_code}: the token endpoint answers without a token; check the base URL"
            ) from error
