"""Passwords: which are taken, and argon2id for those that are."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from qianhang.core.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["LEAST", "check_password", "hash_password", "needs_new_hash", "verify_password"]

LEAST, _MOST, _DIFFERENT = 10, 256, 5
# OWASP's password storage cheat sheet: argon2id with 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1
# Those of ten characters and more that head the published lists of leaked passwords.
_COMMON = """
1234567890 12345678910 0123456789 0987654321 9876543210 1234567891 qwertyuiop qwerty123456
1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qazwsxedcrfv q1w2e3r4t5 asdfghjkl1 password123 password12
password1234 passw0rd123 p@ssw0rd123 p@ssword123 administrator admin123456 admin12345 root123456
123456789a a123456789 123456789q q123456789 aa123456789 abc123456789 abcd123456 abc1234567
woaini1314 woaini520 woaini1314520 5201314520 1314520520 iloveyou123 iloveyou12 qwer123456
asd123456789 zxcvbnm123 zxcvbnm1234 qweasdzxc123 qwe123456789 1234qwerasdf changeme123
welcome123 letmein123 football123 baseball123 sunshine123 princess123 superman123 test123456
huawei@123 huawei12#$ admin@1234 admin@12345 p@ssw0rd2024 password2024 password2025 password2026
qianhang123 qianhang2025 qianhang2026 beijing2008 shanghai123
"""


def check_password(password: str, *, login: str) -> None:
    """Nothing, for a password that is taken.

    Raises UsageError for one that is short, of few different characters, common, or the login.
    """
    plain = _plain(password)
    if not LEAST <= len(plain) <= _MOST:
        found = f"{len(plain)} characters: expected {LEAST} to {_MOST}"
        raise UsageError("QH861", f"the password has {found}", hint="a sentence is easy to keep")
    said = plain.casefold()
    if len(set(said)) < _DIFFERENT:
        raise UsageError("QH861", f"the password has fewer than {_DIFFERENT} different characters")
    if said in _COMMON.split():
        raise UsageError("QH861", "the password is among those that everybody tries first")
    if login and login.casefold() in (said, said[::-1]):
        raise UsageError("QH861", "the password is the login")


def hash_password(password: str) -> str:
    """argon2id of the password, with its salt and parameters."""
    return _hasher().hash(_plain(password))


def verify_password(kept: str, password: str) -> bool:
    """Whether the password is the one of this hash; "" costs the same work and is never right."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        said = _plain(password[: 4 * _MOST])
        fits = _hasher().verify(kept or _nobodys(), said[:_MOST])
        return fits and bool(kept) and len(said) <= _MOST
    except (InvalidHashError, VerificationError):
        return False


def needs_new_hash(kept: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _hasher().check_needs_rehash(kept)


def _plain(password: str) -> str:
    """One password however a keyboard composes it; lone surrogates cannot be hashed."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode("utf-8")


@cache
def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError:
        raise MissingExtra(
            "QH810", "accounts need the library argon2-cffi", hint='pip install "qianhang[web]"'
        ) from None
    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)


@cache
def _nobodys() -> str:
    """The hash that stands in where there is no account, so that its absence takes as long."""
    from qianhang.access.tokens import new_token

    return _hasher().hash(new_token())
