"""Signing in with an OpenID provider: authorization code, PKCE, state, nonce, a checked ID token.

One random secret in a cookie ties the two ends of a sign-in together: state, nonce and the PKCE
verifier are each derived from it, so that a callback opens nothing in any other browser.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from qianhang.access.accounts import login_of
from qianhang.core.errors import AccessRefused, MissingExtra, UsageError

if TYPE_CHECKING:
    import requests

__all__ = ["FACTORS", "LASTS", "Flow", "Identity", "Provider", "configured"]

FACTORS = ("own", "provider")

LASTS = timedelta(minutes=10)
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_LEEWAY_S, _TIMEOUT_S, _MOST_BYTES = 60, 10, 1 << 20
_LOGIN = re.compile(r"[\w.@+-]{2,64}")


@dataclass(frozen=True, slots=True)
class Identity:
    """For whom the provider vouches; login and name are what it suggests.

    strong : whether ours need not ask for a second factor, since the provider is trusted with
        that and says that it did
    proved : when the provider last asked the person for proof, UTC, None where it does not say
    """

    issuer: str
    subject: str
    login: str
    name: str
    strong: bool = False
    proved: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in under way; secret : for the cookie; began : UTC seconds; to : where it leads.

    fresh : whether the provider has to ask the person again, whoever is signed in there
    """

    secret: str = field(repr=False)
    began: int = 0
    to: str = "/"
    fresh: bool = False

    @classmethod
    def begin(cls, *, to: str, now: datetime, fresh: bool = False) -> Flow:
        """A new one."""
        return cls(secrets.token_urlsafe(32), int(now.timestamp()), to, fresh)

    @classmethod
    def of(cls, cookie: str) -> Flow | None:
        """The one that a cookie holds; None where it is no cookie of ours."""
        parts = cookie.split(".")
        if len(parts) != 4 or not (parts[1].isdecimal() and len(parts[1]) < 12):
            return None
        try:
            to = base64.urlsafe_b64decode(parts[2] + "==").decode("utf8")
        except ValueError:
            return None
        fresh = parts[3] == "1"
        return cls(parts[0], int(parts[1]), to, fresh) if len(parts[0]) >= 40 else None

    @property
    def cookie(self) -> str:
        """What the browser keeps meanwhile."""
        return f"{self.secret}.{self.began}.{_b64(self.to.encode('utf8'))}.{int(self.fresh)}"

    def part(self, name: str) -> str:
        """The state, nonce or verifier of this sign-in, which no other has."""
        text = f"{name} {self.began} {int(self.fresh)} {self.to}".encode()
        return _b64(hmac.digest(self.secret.encode("utf8"), text, "sha256"))


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as the environment names it; org : of accounts made by signing in.

    factor : own (the code of an account that has one is asked for here, whatever the provider
        says) or provider (not where the ID token says that more than one factor was used)
    acr : the authentication context that says so too, and that is asked for; "" for none
    """

    issuer: str = ""
    client: str = ""
    secret: str = field(default="", repr=False)
    org: str = ""
    factor: str = "own"
    acr: str = ""

    def __bool__(self) -> bool:
        return bool(self.issuer and self.client)

    def shown(self) -> tuple[tuple[str, str], ...]:
        """(variable, value) of each setting; of the secret only whether there is one."""
        return (
            ("QIANHANG_OIDC_ISSUER", self.issuer),
            ("QIANHANG_OIDC_CLIENT_ID", self.client),
            ("QIANHANG_OIDC_CLIENT_SECRET", "***" if self.secret else ""),
            ("QIANHANG_OIDC_ORG", self.org),
            ("QIANHANG_OIDC_SECOND_FACTOR", self.factor),
            ("QIANHANG_OIDC_ACR", self.acr),
        )

    def address(self, flow: Flow, *, back: str) -> str:
        """Where the browser is sent; back : our own address for the answer.

        Raises AccessRefused where the provider does not answer, UsageError where it is set up
        wrongly.
        """
        if self.factor not in FACTORS:
            raise UsageError(
                "QH870",
                f"second factors: found {self.factor[:40]!r}, expected {' or '.join(FACTORS)}",
                hint="set QIANHANG_OIDC_SECOND_FACTOR",
            )
        place = self._found()["authorization_endpoint"]
        challenge = _b64(hashlib.sha256(flow.part("verifier").encode("ascii")).digest())
        asked = {
            "response_type": "code", "client_id": self.client, "redirect_uri": back,
            "scope": "openid profile email", "state": flow.part("state"),
            "nonce": flow.part("nonce"), "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | ({"acr_values": self.acr} if self.acr else {})  # fmt: skip
        # With a largest age the provider has to say when it asked (OpenID Connect Core, 3.1.2.1).
        asked |= {"prompt": "login", "max_age": "0"} if flow.fresh else {}
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    def identity(
        self, flow: Flow, answer: Mapping[str, str], *, back: str, now: datetime
    ) -> Identity:
        """For whom the provider vouches in its answer to this sign-in.

        answer : the query with which the browser came back
        Raises AccessRefused where anything in it is not as it has to be.
        """
        if not hmac.compare_digest(
            answer.get("state", "").encode("utf8", "replace"), flow.part("state").encode()
        ):
            raise _refused("the state is not that of this browser")
        if now.timestamp() - flow.began > LASTS.total_seconds():
            raise _refused("the sign-in took too long")
        if answer.get("iss", self.issuer) != self.issuer:
            raise _refused("the answer comes from another issuer")
        if not answer.get("code"):
            raise _refused(f"the provider answered {answer.get('error', 'nothing')[:60]!r}")
        found = self._found()
        told = self._tokens(found["token_endpoint"], answer["code"], flow, back)
        claims = self._claims(str(told.get("id_token", "")), found["jwks_uri"], now)
        if not hmac.compare_digest(
            str(claims.get("nonce", "")).encode(), flow.part("nonce").encode()
        ):
            raise _refused("the nonce is not that of this sign-in")
        proved = _proved(claims, now)
        if flow.fresh and (proved is None or proved.timestamp() < flow.began - _LEEWAY_S):
            raise _refused("the provider does not say that it asked the person again")
        return replace(_identity(self.issuer, claims), strong=self._strong(claims), proved=proved)

    def _strong(self, claims: Mapping[str, Any]) -> bool:
        """Whether the provider is trusted with the second factor, and says that it asked for one.

        `mfa` is the value of RFC 8176 for more than one factor; a list of methods without it is
        not taken for as much, since which of them are factors of their own is the provider's
        affair.
        """
        if self.factor != "provider":
            return False
        told = claims.get("amr")
        return (isinstance(told, list) and "mfa" in told) or (
            bool(self.acr) and claims.get("acr") == self.acr
        )

    def _found(self) -> dict[str, Any]:
        """The provider's own description, each of its addresses one that we go to."""
        _safe(self.issuer)
        place = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = _json("GET", place)
        if found.get("issuer") != self.issuer:
            raise _refused(f"the provider calls itself {str(found.get('issuer'))[:80]!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _safe(str(found.get(name, "")))
        return found

    def _tokens(self, place: str, code: str, flow: Flow, back: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "client_id": self.client, "code_verifier": flow.part("verifier"),
        }  # fmt: skip
        who = (self.client, self.secret) if self.secret else None
        return _json("POST", place, data=form, auth=who)

    def _claims(self, token: str, keys: str, now: datetime) -> dict[str, Any]:
        """What the ID token says, once its signature, issuer, audience and times have held."""
        jwt = _import_jwt()
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in _ALGORITHMS:
                raise _refused(f"the token is signed by {str(head.get('alg'))[:20]!r}")
            key = _key(jwt, _json("GET", keys), head)
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[head["alg"]], audience=self.client, issuer=self.issuer,
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    "verify_exp": False, "verify_iat": False,
                },
            )  # fmt: skip
        except jwt.PyJWTError as cause:
            raise _refused(f"the ID token does not hold: {cause}") from cause
        _check_times(claims, now)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client) != self.client:
            raise _refused("the ID token was made for another client")
        return claims


def configured(environ: Mapping[str, str] | None = None) -> Provider:
    """The provider that the environment names; false where it names none."""
    env = os.environ if environ is None else environ
    return Provider(
        factor=env.get("QIANHANG_OIDC_SECOND_FACTOR", "") or FACTORS[0],
        acr=env.get("QIANHANG_OIDC_ACR", ""),
        issuer=env.get("QIANHANG_OIDC_ISSUER", ""),
        client=env.get("QIANHANG_OIDC_CLIENT_ID", ""),
        secret=env.get("QIANHANG_OIDC_CLIENT_SECRET", ""),
        org=env.get("QIANHANG_OIDC_ORG", ""),
    )


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Nothing, for a token of now by our own clock."""
    at = now.timestamp()
    times = [claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])]
    if not all(isinstance(t, int | float) for t in times):
        raise _refused("the ID token tells no times")
    ends, made, from_ = times
    if ends + _LEEWAY_S <= at:
        raise _refused("the ID token has expired")
    if max(made, from_) > at + _LEEWAY_S:
        raise _refused("the ID token is from the future")


def _proved(claims: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the provider asked for proof, by the token that it signed; never later than now."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at < 1e11:
        return None
    return min(datetime.fromtimestamp(at, UTC), now)


def _key(jwt: Any, kept: Mapping[str, Any], head: Mapping[str, Any]) -> Any:
    """The provider's public key that the token names, or its only one."""
    keys = [
        k for k in kept.get("keys", ()) if k.get("use", "sig") == "sig" and k.get("kty") != "oct"
    ]
    named = [k for k in keys if k.get("kid") == head.get("kid")]
    fits = named if head.get("kid") else keys
    if len(fits) != 1:
        raise _refused("the ID token is signed by a key that the provider does not publish")
    return jwt.PyJWK(fits[0], algorithm=head["alg"]).key


def _identity(issuer: str, claims: Mapping[str, Any]) -> Identity:
    subject = str(claims["sub"])
    if not subject or len(subject) > 255:
        raise _refused("the ID token names nobody")
    said = (str(claims.get(name) or "") for name in ("preferred_username", "email"))
    fits = (login_of(text) for text in (*said, subject))
    spare = f"oidc-{hashlib.sha256(subject.encode('utf8', 'replace')).hexdigest()[:12]}"
    login = next((text for text in fits if _LOGIN.fullmatch(text)), spare)
    return Identity(issuer, subject, login, str(claims.get("name") or login)[:80])


def _safe(address: str) -> None:
    """Nothing, for https, or this very machine.

    Raises UsageError for any other address: what goes there could be read on the way.
    """
    parts = urlsplit(address)
    here = parts.scheme == "http" and parts.hostname in _HERE
    if not here and not (parts.scheme == "https" and parts.hostname):
        raise UsageError(
            "QH870", f"the provider's address {address[:120]!r}: expected https",
            hint="set QIANHANG_OIDC_ISSUER",
        )  # fmt: skip


def _json(method: str, address: str, **more: Any) -> dict[str, Any]:
    """What the provider answers, without going on to anywhere else."""
    import requests

    try:
        with requests.request(
            method, address, timeout=_TIMEOUT_S, allow_redirects=False, stream=True,
            headers={"Accept": "application/json"}, **more,
        ) as answer:  # fmt: skip
            if answer.status_code != 200:
                raise _unreachable(f"{urlsplit(address).path} answered {answer.status_code}")
            return _body(answer)
    except (requests.RequestException, ValueError) as cause:
        raise _unreachable(f"{urlsplit(address).netloc}: {type(cause).__name__}") from cause


def _body(answer: requests.Response) -> dict[str, Any]:
    import json

    content = answer.raw.read(_MOST_BYTES, decode_content=True)
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("expected an object")
    return found


def _import_jwt() -> Any:
    try:
        import jwt
    except ModuleNotFoundError:
        raise MissingExtra(
            "QH810",
            "an identity provider needs the library PyJWT",
            hint='pip install "qianhang[web]"',
        ) from None
    return jwt


def _refused(why: str) -> AccessRefused:
    return AccessRefused(
        "QH909", f"the identity provider's answer is refused: {why}", hint="sign in again"
    )


def _unreachable(why: str) -> AccessRefused:
    return AccessRefused(
        "QH910", f"the identity provider does not answer as it should: {why}",
        hint="try again, or sign in with a password",
    )  # fmt: skip


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
