"""Http channels: numbers posted as JSON, signed, and safe to send twice.

The headers are those of the Standard Webhooks specification (standardwebhooks.com: webhook-id, webhook-timestamp,
webhook-signature), for which receivers have libraries; `webhook-id` is the key by which a repeat is recognised.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.http import HttpSession, error_from_status
from contract.errors import FatalError, RejectedError, TruecountError

MOST_ROWS = 1000
"""The most numbers of one call."""


class Endpoint:
    """One http channel. Safe to share between threads.

    Args:
        channel_code: the channel's code in the contract.
        url: where its numbers are posted.
        secret: signs each call: text, or `whsec_` and base64 as the specification writes it.
        session: what `HttpSession` takes besides.
    """

    def __init__(self, channel_code: str, url: str, secret: str, **session: Any) -> None:
        parts = urlsplit(url)
        self.channel_code = channel_code
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._session = HttpSession(f"channel {channel_code}", f"{parts.scheme}://{parts.netloc}", **session)
        self._secret = _key_of(secret)

    def post(self, numbers: Sequence[tuple[str, int]], key: str, *, run_id: str, at: datetime) -> None:
        """Post numbers: the units that the channel may sell from now on, per SKU. A repeat changes nothing.

        Args:
            numbers: SKU and quantity, at most 1,000.
            key: the same for every repeat of the same intent.
            run_id: the run.
            at: the instant of the call; a receiver keeps the newest.

        Raises:
            RetriableError: no answer, 429 or 5xx after all attempts: the numbers may be there.
            RejectedError: it refuses the call; nothing has changed.
            FatalError: no secret is set, or it refuses us.
        """
        if not self._secret:
            name = f"TRUECOUNT_CHANNEL_{self.channel_code.upper()}_SECRET"
            raise FatalError(f"channel {self.channel_code}: {name} is not set: it signs the numbers, so that they can be trusted")
        rows = [{"sku": sku, "quantity": quantity} for sku, quantity in numbers]
        body = {"channel_code": self.channel_code, "run_id": run_id, "sent_at_utc": at.isoformat(), "numbers": rows}
        text = json.dumps(body, separators=(",", ":"))

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # Anew at each attempt: receivers refuse a signature that is minutes old.
            stamp = str(int(datetime.now(UTC).timestamp()))
            digest = hmac.new(self._secret, f"{key}.{stamp}.{text}".encode(), hashlib.sha256).digest()
            signature = f"v1,{base64.b64encode(digest).decode()}"
            request.headers.update({"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": signature})
            return request

        self._session.send(
            "POST",
            self._path,
            what=f"{len(rows)} numbers",
            data=text.encode(),
            headers={"Content-Type": "application/json"},
            auth=sign,
            classify=self._classify,
            is_write=True,
            repeat_writes=True,
        )

    def _classify(self, response: requests.Response) -> TruecountError | None:
        if response.status_code in (400, 409, 413, 415, 422):
            told = f"channel {self.channel_code}: the numbers are refused (HTTP {response.status_code}); see the receiver's log"
            return RejectedError(told, code=str(response.status_code))
        return error_from_status(f"channel {self.channel_code}", "numbers", response)


def _key_of(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()
