"""Nothing that may be a secret gets past here: by the provider's word, by the name of its key, by its look.

Every value, name and line of code of a plan or of a finding goes through `scrub`, `hidden_value` or `hidden_setting`
before anyone reads it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Any

HIDDEN = "(secret)"

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[_.-]?key|access[_.-]?key|account[_.-]?key|private[_.-]?key|"
    r"connection[_.-]?string|(?<![a-z])(?:auth|sas)"
)
_SECRET_KEY = re.compile(rf"(?:^|[._\-\s\[])(?:{_NAMES})s?(?:$|[._\-\s\d\]])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Keys of our resources that hold names of things; `secrets/scope/key` references are no secrets either.
_HARMLESS_KEYS = {
    *("databricks_secret", "databricks_secret_acl", "databricks_secret_scope"),
    *("auth_type", "secret_scope", "token_usage"),
}
_REFERENCE = re.compile(r"\{\{\s*secrets/[\w.-]+/[\w.-]+\s*\}\}")

# `password = "x"`, `--token x`, `"secret": "x"`: the name stays, the value goes.
_ASSIGNED = re.compile(
    rf"(?P<name>(?:{_NAMES})s?(?:[._\-\d][\w.-]*)?[\"']?[^\S\n]*(?:=>|:=|==|[=:])[^\S\n]*)"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\s,;)\]}\"']+)",
    re.IGNORECASE,
)
# In code the right-hand side is often a call or a name, which tells nothing: dbutils.secrets.get(scope, key).
_CODE = re.compile(
    r"[A-Za-z_][A-Za-z_.]*[(\[].*|[A-Za-z_]+(?:\.[A-Za-z_]+)+|[\[({].*|\d{1,6}|\{\{.*|\$\{.*"
    r"|None|True|False|null|true|false|str|int|bool|bytes|Any|string|[A-Z][A-Za-z]*Token|"
    rf"[A-Za-z_]*(?:{_NAMES})s?[A-Za-z_]*",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|dapi[0-9a-f]{16,}(?:-\d+)?|dkea[0-9a-f]{16,}|dose[0-9a-f]{16,}"  # Databricks: personal tokens, OAuth secret
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abpr]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"  # JSON web token
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"  # user and password of an address
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{8,}|(?<=sig=)[\w%+/=-]{8,}|(?<=AccountKey=)[^\s;\"']+"
    r"|https://hooks\.[^\s\"']+",  # an incoming webhook: who has its address may post
    re.DOTALL,
)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_~-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Pieces of words, small or CAPITAL: names and paths consist of them, random characters hardly do.
_WORDS = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}")
_ODD_CHARACTERS, _ODD_SHARE = 6, 0.34  # what is left of a random token of 20; our own texts stay far below
_LONG, _BITS, _DIGITS = 24, 3.6, 3  # a run without joints, its entropy per character, how many digits in it
_LONGEST_WORD = 28
# What a value is called where its name stands beside it.
_BEARERS = ("value", "default")
_SHORTEST = 6  # what is shorter than `k=v` of a secret holds none


# A text without any of these cannot match the two slow patterns; looking for them costs a tenth.
_KNOWN_SIGNS = (
    *("-----BEGIN", "dapi", "dkea", "dose", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "AKIA", "ASIA"),
    *("xox", "sk-", "eyJ", "://", "earer ", "sig=", "AccountKey="),
)
_NAME_SIGNS = ("pass", "pwd", "secret", "token", "credential", "key", "connection", "auth", "sas")
_SHORT = 400  # names, paths and words come again and again; whole files do not


def scrub(text: str) -> str:
    """Return a text of any kind (name, SQL, code, error) with what looks like a secret replaced by HIDDEN."""
    if len(text) < _SHORTEST:
        return text
    return _scrubbed_once(text) if len(text) <= _SHORT else _scrubbed(text)


def _scrubbed(text: str) -> str:
    if any(sign in text for sign in _KNOWN_SIGNS):
        text = _KNOWN.sub(HIDDEN, text)
    lower = text.lower()
    if any(sign in lower for sign in _NAME_SIGNS):
        text = _ASSIGNED.sub(_hide_assigned, text)
    return _RANDOM.sub(_hide_random, text)


_scrubbed_once = lru_cache(maxsize=20_000)(_scrubbed)


@lru_cache(maxsize=4096)
def secret_key(key: str) -> bool:
    """Return whether values under a key of this name are hidden, whatever they are."""
    plain = _CAMEL.sub("_", key)
    return plain.lower() not in _HARMLESS_KEYS and bool(_SECRET_KEY.search(plain))


def hidden_value(key: str, value: Any, sensitive: Any) -> Any:
    """Return a value of a plan as it may be shown: hidden under a sensitive mark or key, scrubbed elsewhere.

    `sensitive` is the provider's tree of marks for the value: True, or marks by key or place.
    """
    if value is None or isinstance(value, bool):
        return value
    if sensitive is True:
        return HIDDEN
    if isinstance(value, dict):
        marks = sensitive if isinstance(sensitive, dict) else {}
        return {scrub(name): hidden_value(name, each, marks.get(name)) for name, each in value.items()}
    if isinstance(value, list):
        marks_by_place = sensitive if isinstance(sensitive, list) else []
        return [
            hidden_value(key, each, marks_by_place[place] if place < len(marks_by_place) else None)
            for place, each in enumerate(value)
        ]
    if secret_key(key) and not (isinstance(value, str) and (not value or _REFERENCE.fullmatch(value))):
        return HIDDEN
    return scrub(value) if isinstance(value, str) else value


def hidden_setting(path: str, value: Any) -> Any:
    """Return what an API holds at a dotted path as it may be shown; a name beside a value says what it is.

    `{"name": "smtp_password", "default": "x"}` and `parameters[smtp_password].default` hide their value.
    """
    if isinstance(value, dict):
        bearer = next((str(value[each]) for each in ("key", "name") if isinstance(value.get(each), str)), "")
        return {
            scrub(each): hidden_setting(f"{path}.{each}" + (f".{bearer}" if each in _BEARERS else ""), inside)
            for each, inside in value.items()
        }
    if isinstance(value, list):
        return [hidden_setting(path, each) for each in value]
    parts = path.split(".")
    last = ".".join(parts[-2:] if parts[-1] in _BEARERS else parts[-1:])
    return hidden_value("" if last.startswith("keys[") else last, value, None)


def _hide_assigned(found: re.Match[str]) -> str:
    value = found["value"]
    if value.startswith(HIDDEN) or _CODE.fullmatch(value) or _REFERENCE.search(value) or value in ('""', "''"):
        return found[0]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found['name']}{quote}{HIDDEN}{quote}"


def _hide_random(found: re.Match[str]) -> str:
    token = found[0]
    if _UUID.search(token):
        return "".join(
            part if _UUID.fullmatch(part) else _RANDOM.sub(_hide_random, part)
            for part in re.split(f"({_UUID.pattern})", token, flags=re.IGNORECASE)
        )
    return HIDDEN if _looks_random(token) else token


def _looks_random(token: str) -> bool:
    """Words and names joined by _ - / leave little when their words are taken out; random characters leave most."""
    letters = re.sub(r"[^A-Za-z0-9]", "", token)
    odd = re.sub(r"[^A-Za-z0-9]", "", _WORDS.sub("", token))
    mixed = any(each.isdigit() for each in odd) and any(each.isalpha() for each in letters)
    if mixed and len(odd) >= _ODD_CHARACTERS and len(odd) >= _ODD_SHARE * len(letters):
        return True
    return any(_long_and_odd(run) for run in re.findall(rf"[A-Za-z0-9]{{{_LONG},}}", token))


def _long_and_odd(run: str) -> bool:
    digits = sum(each.isdigit() for each in run)
    shapeless = (digits >= _DIGITS and digits < len(run)) or (len(run) >= _LONGEST_WORD and run.islower())
    return shapeless and _bits(run) >= _BITS


def _bits(text: str) -> float:
    """Shannon entropy per character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
