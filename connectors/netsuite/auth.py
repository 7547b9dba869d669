"""Who we are for NetSuite: OAuth 2.0 client credentials (M2M) first, token-based access (TBA) second.

Facts from Oracle's help pages: section_162790605110 (token request), section_162686838198 (assertion),
section_1534941088 (TBA signature), section_0525020842 (no new TBA integrations from 2027.1).
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from connectors.http import HttpSession, redact
from contract.errors import FatalError, RetriableError, TruecountError
from contract.settings import NetsuiteSettings

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path
_ASSERTION_SECONDS = 300
_RENEW_BEFORE_SECONDS = 60
_ACCOUNT_ID = re.compile(r"^[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)?$")
_EC_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class NetsuiteAuth(Protocol):
    """What signs each request, and can be told that a login was refused."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        ...

    def renew(self) -> None:
        """Forget what was cached, so that the next request logs in afresh."""
        ...


def account_host(account_id: str) -> str:
    """Return the account's own host name.

    Args:
        account_id: the account id in any spelling, such as `1234567_SB1`.

    Returns:
        The host, such as `1234567-sb1.suitetalk.api.netsuite.com`.

    Raises:
        FatalError: the text is no account id.

    >>> account_host("1234567_SB1")
    '1234567-sb1.suitetalk.api.netsuite.com'
    """
    if not _ACCOUNT_ID.match(account_id):
        raise FatalError(f"NetSuite: {account_id!r} is no account id; the contract needs one such as 1234567_SB1")
    return f"{account_id.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def make_auth(settings: NetsuiteSettings, account_id: str, session: HttpSession) -> NetsuiteAuth:
    """Return the way to log in that the settings allow: M2M where a client id is given, else TBA.

    Args:
        settings: the account's credentials.
        account_id: the account id of the contract.
        session: the session that asks for tokens.

    Raises:
        FatalError: neither set of credentials is complete; the message names what is missing.
    """
    if settings.client_id:
        _require(settings, ("certificate_id", "private_key_file"))
        return M2MAuth(settings, account_id, session)
    _require(settings, ("consumer_key", "consumer_secret", "token_id", "token_secret"))
    return TbaAuth(settings, account_id)


class M2MAuth(AuthBase):
    """OAuth 2.0 client credentials: a signed assertion buys an access token, kept until 60 s before it expires.

    Safe to share between threads.
    """

    def __init__(
        self,
        settings: NetsuiteSettings,
        account_id: str,
        session: HttpSession,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        # A base URL replaces scheme, host and port on the wire only: the audience stays the account's own endpoint.
        self._audience = f"https://{account_host(account_id)}{TOKEN_PATH}"
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._expires_at = 0.0

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the access token on a request, asking for a new one where needed.

        Raises:
            FatalError: the private key cannot be read, or NetSuite refuses the assertion.
            RetriableError: the token endpoint cannot be reached or is overloaded.
        """
        r.headers["Authorization"] = f"Bearer {self._current_token()}"
        return r

    def renew(self) -> None:
        """Forget the token: the next request asks for a new one."""
        with self._lock:
            self._token = ""

    def _current_token(self) -> str:
        with self._lock:
            if not self._token or self._clock() >= self._expires_at - _RENEW_BEFORE_SECONDS:
                self._token, self._expires_at = self._ask()
            return self._token

    def _ask(self) -> tuple[str, float]:
        asked_at = self._clock()
        response = self._session.send(
            "POST",
            TOKEN_PATH,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self._sign(int(asked_at)),
            },
            classify=self._classify,
            what="access token",
        )
        try:
            answer = response.json()
            # Seen quoted in the wild, hence int().
            return str(answer["access_token"]), asked_at + int(answer["expires_in"])
        except (ValueError, KeyError, TypeError) as error:
            raise RetriableError("NetSuite: access token: the answer of the token endpoint cannot be read") from error

    def _sign(self, now: int) -> str:
        key, algorithm = _read_key(self._settings.private_key_file)
        claims = {
            "iss": self._settings.client_id,
            "scope": ["rest_webservices"],
            "aud": self._audience,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self._settings.certificate_id})

    def _classify(self, response: requests.Response) -> TruecountError | None:
        status = response.status_code
        if status == 200:
            return None
        if status == 429 or status >= 500:
            return RetriableError(f"NetSuite: access token: the token endpoint answers {status}; try again")
        return FatalError(
            f"NetSuite: access token refused ({status} {_oauth_error(response)}): check that "
            "TRUECOUNT_NETSUITE_PRIVATE_KEY_FILE belongs to the certificate TRUECOUNT_NETSUITE_CERTIFICATE_ID (mapped on "
            "the account's M2M setup page, active, not expired), that TRUECOUNT_NETSUITE_CLIENT_ID is the integration's, "
            "that the contract names the right account, and that this machine's clock is right"
        )


class TbaAuth(AuthBase):
    """Token-based access (OAuth 1.0a, HMAC-SHA256): each attempt is signed afresh, query parameters included."""

    def __init__(self, settings: NetsuiteSettings, account_id: str, *, nonce: str = "", timestamp: str = "") -> None:
        account_host(account_id)
        self._sign: Callable[[requests.PreparedRequest], requests.PreparedRequest] = OAuth1(
            settings.consumer_key,
            client_secret=settings.consumer_secret,
            resource_owner_key=settings.token_id,
            resource_owner_secret=settings.token_secret,
            signature_method="HMAC-SHA256",
            # The realm keeps the underscore, upper case.
            realm=account_id.upper().replace("-", "_"),
            # Left out, each signature gets its own; Oracle's test vector fixes both.
            nonce=nonce or None,
            timestamp=timestamp or None,
        )

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request with a nonce and a timestamp of its own."""
        signed = self._sign(r)
        # requests-oauthlib turns the headers into bytes; whoever looks at them later expects text.
        for name, value in list(signed.headers.items()):
            signed.headers[_as_text(name)] = _as_text(value)
        return signed

    def renew(self) -> None:
        """Nothing is kept: the next attempt is signed afresh anyway."""


def _require(settings: NetsuiteSettings, names: tuple[str, ...]) -> None:
    missing = [f"TRUECOUNT_NETSUITE_{name.upper()}" for name in names if not getattr(settings, name)]
    if missing:
        raise FatalError(
            f"NetSuite: credentials: not set: {', '.join(missing)}; set them, or TRUECOUNT_NETSUITE_CLIENT_ID with its "
            "certificate id and private key file"
        )


def _read_key(path: str) -> tuple[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, str]:
    """Return the private key and the algorithm it signs with (RS256 is not accepted by NetSuite)."""
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise FatalError(
            f"NetSuite: private key file {path}: cannot be read as an unencrypted PEM key ({type(error).__name__}); "
            "check TRUECOUNT_NETSUITE_PRIVATE_KEY_FILE"
        ) from error
    if isinstance(key, rsa.RSAPrivateKey):
        return key, "PS256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _EC_ALGORITHMS:
        return key, _EC_ALGORITHMS[key.curve.name]
    raise FatalError(f"NetSuite: private key file {path}: NetSuite takes only RSA and NIST elliptic curve keys")


def _oauth_error(response: requests.Response) -> str:
    try:
        return redact(str(response.json()["error"]))
    except (ValueError, KeyError, TypeError):
        return "no error code"


def _as_text(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value
