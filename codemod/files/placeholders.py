"""What stands in place of a key: a secret, which is never carried over, or a placeholder, which is."""

from __future__ import annotations

import re

from codemod import provider

_PREFIX = re.compile(r"sk-(?:proj-|svcacct-|admin-|live-|test-)?")
_WORDS = re.compile(r"[^A-Za-z0-9]+")
_WORD = re.compile(r"(?=.{1,14}\Z)(?:[A-Z]{1,14}|[A-Z]?[a-z]{1,14}){1,4}|[0-9]{1,4}|(.)\1*", re.DOTALL)
_BRACKETS = re.compile(r"\s*(?:<[^<>]*>|\{+[^{}]*\}+|\[[^\[\]]*\])\s*")
# Shorter ones give nothing away: OpenAI's keys have 48 characters and more.
_SHORT = 12
_NAME = re.compile(r"openai", re.IGNORECASE)
_NAMED = re.compile(r"\bOpen ?AI\b(?![-.]\w)")
_ASKS = re.compile(r"(?:[Yy]our|YOUR|[Ii]nsert|INSERT|[Pp]aste|PASTE|[Rr]eplace|REPLACE)(?=[A-Z_\s-]|open|api|key)")
# The value would go on coming from where OpenAI's key is kept: ``op://vault/item``, ``llm-key:latest``, a path.
_ADDRESS = re.compile(
    r"arn:|vault:|ssm:|secretsmanager|gcp-?secrets?:|secretref:|projects/[^/]*/secrets/|@|\.{0,2}/\w|(?!https?:)[a-z][a-z+.-]*://"
    r"|[\w./-]+:(?:latest|\d+)\Z|\w+\[",
    re.IGNORECASE,
)


def is_secret(text: str) -> bool:
    """Whether a value given to a key's variable may be somebody's key: anything long that is not made of words."""
    body = _PREFIX.sub("", text.strip(), count=1)
    if len(body) < _SHORT or "..." in body or _BRACKETS.fullmatch(text) or _ASKS.match(body):
        return False
    return not all(_WORD.fullmatch(word) for word in _WORDS.split(body) if word)


def is_address(text: str) -> bool:
    """Whether some service replaces a value by what it keeps under that address."""
    return _ADDRESS.match(text.strip()) is not None


def reworded(text: str) -> str:
    """A placeholder that speaks of OpenAI, speaking of the new provider: ``sk-your-key`` -> ``ak_your-key``."""
    if provider.OPENAI_KEYS_PAGE.search(text) is not None:
        return described(text)
    text = re.sub(r"\Ask-(?:proj-|svcacct-|admin-)?", "ak_", text)
    prose = " " in text
    return _NAME.sub(lambda found: _renamed(found[0], prose=prose), text)


def described(text: str) -> str:
    """A text for people about OpenAI's key, about the new provider's: its name, and the page where keys are made."""
    return _NAMED.sub("abliteration.ai", provider.OPENAI_KEYS_PAGE.sub(provider.KEYS_PAGE, text))


def _renamed(name: str, *, prose: bool) -> str:
    if name.isupper():
        return "ABLIT"
    if name.islower():
        return "ablit"
    return "abliteration.ai" if prose else "Ablit"
