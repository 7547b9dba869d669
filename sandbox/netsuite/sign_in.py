"""Who may call: the token endpoint of OAuth 2.0 (machine to machine), bearer tokens, and signed requests."""

import hmac
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import jwt

from sandbox.netsuite.account import Account
from sandbox.netsuite.problems import invalid_login
from sandbox.netsuite.signatures import authorization_parameters, signature

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]  # RS256 is not in Oracle's list
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME_SECONDS = 3600
_LONGEST_ASSERTION_SECONDS = 3600
_CLOCK_TOLERANCE_SECONDS = 300


class TokenRefusedError(Exception):
    """The token endpoint says no; the OAuth error code and its HTTP status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


def issue_token(account: Account, form: bytes, called_url: str) -> dict[str, str]:
    """Return an access token for a signed client assertion.

    Args:
        account: the account; its world's lock is held.
        form: the form as sent.
        called_url: the endpoint's URL as the client called it.

    Raises:
        TokenRefusedError: invalid_client (401) for a client or certificate that is not known, invalid_grant (400) for an
            assertion that is expired, too long, for another audience or badly signed; invalid_request (400).
    """
    fields = dict(parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True))
    if fields.get("grant_type") != "client_credentials":
        raise TokenRefusedError("unsupported_grant_type", 400)
    if fields.get("client_assertion_type") != _ASSERTION or not fields.get("client_assertion"):
        raise TokenRefusedError("invalid_request", 400)
    claims = _verified_claims(account, fields["client_assertion"])
    if claims["aud"] not in (called_url, f"https://{account.settings.host}{TOKEN_PATH}"):
        raise TokenRefusedError("invalid_grant", 400)
    scope = claims.get("scope")
    scopes = scope.replace(" ", ",").split(",") if isinstance(scope, str) else scope
    if not isinstance(scopes, list) or "rest_webservices" not in scopes:
        raise TokenRefusedError("invalid_scope", 400)
    token = secrets.token_urlsafe(48)
    expires = account.world.clock.now() + timedelta(seconds=_LIFETIME_SECONDS)
    account.insert("ns_bearer", {"token": token, "client_id": claims["iss"], "expires_at": expires.isoformat()})
    # expires_in has been seen as a text (facts/netsuite.md 1.2).
    return {"access_token": token, "expires_in": str(_LIFETIME_SECONDS), "token_type": "bearer"}


def check_caller(account: Account, authorization: str, method: str, url: str) -> None:
    """Let a request pass whose bearer token or signature is good.

    Args:
        account: the account; its world's lock is held.
        authorization: the header.
        method: HTTP method.
        url: as called, with its query.

    Raises:
        NetSuiteError: 401 INVALID_LOGIN, whatever is wrong: NetSuite does not say what.
    """
    kind, _, rest = authorization.partition(" ")
    if kind.lower() == "bearer":
        row = account.one("SELECT * FROM ns_bearer WHERE token = ?", rest.strip())
        if row is None or datetime.fromisoformat(row["expires_at"]) <= account.world.clock.now():
            raise invalid_login()
    elif kind.lower() == "oauth":
        _check_signature(account, authorization_parameters(rest), method, url)
    else:
        raise invalid_login()


def _verified_claims(account: Account, assertion: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(assertion)
        unverified = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TokenRefusedError("invalid_grant", 400) from error
    row = account.one(
        "SELECT * FROM ns_m2m_client WHERE client_id = ? AND certificate_id = ?",
        str(unverified.get("iss")),
        str(header.get("kid")),
    )
    if row is None:
        raise TokenRefusedError("invalid_client", 401)
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "require": ["iss", "aud", "iat", "exp"]}
    try:
        claims: dict[str, Any] = jwt.decode(assertion, row["public_key_pem"], algorithms=_ALGORITHMS, options=options)  # type: ignore[arg-type]
        issued, expires = int(claims["iat"]), int(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenRefusedError("invalid_grant", 400) from error
    is_in_time = any(issued - _CLOCK_TOLERANCE_SECONDS <= now < expires for now in _clocks(account))
    if expires > issued + _LONGEST_ASSERTION_SECONDS or not is_in_time:
        raise TokenRefusedError("invalid_grant", 400)
    return claims


def _check_signature(account: Account, given: dict[str, str], method: str, url: str) -> None:
    row = account.one(
        "SELECT * FROM ns_tba_token WHERE consumer_key = ? AND token_id = ?",
        given.get("oauth_consumer_key", ""),
        given.get("oauth_token", ""),
    )
    if row is None or given.get("realm") != account.settings.account_id:
        raise invalid_login()
    if given.get("oauth_signature_method") != "HMAC-SHA256" or given.get("oauth_version", "1.0") != "1.0":
        raise invalid_login()
    stamp = given.get("oauth_timestamp", "")
    if not stamp.isdigit() or all(abs(int(stamp) - now) > _CLOCK_TOLERANCE_SECONDS for now in _clocks(account)):
        raise invalid_login()
    query = url.partition("?")[2]
    path = "/" + url.split("/", 3)[3].partition("?")[0]
    canonical = f"https://{account.settings.host}{path}" + (f"?{query}" if query else "")
    secrets_ = (row["consumer_secret"], row["token_secret"])
    expected = [signature(method, address, given, *secrets_) for address in (url, canonical)]
    if not any(hmac.compare_digest(one, given.get("oauth_signature", "")) for one in expected):
        raise invalid_login()
    used = (row["consumer_key"], given.get("oauth_nonce", ""))
    if not used[1] or account.one("SELECT 1 FROM ns_nonce WHERE consumer_key = ? AND nonce = ?", *used):
        raise invalid_login()
    account.insert("ns_nonce", {"consumer_key": used[0], "nonce": used[1]})


def _clocks(account: Account) -> tuple[float, float]:
    """Return the instants a client may sign by: real time and the world's, whose clock tests move."""
    return time.time(), account.world.clock.now().astimezone(UTC).timestamp()
