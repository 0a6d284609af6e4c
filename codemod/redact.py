"""Secrets taken out of whatever is printed.

A key appears as ``sk-...`` (or ``ak_...``, or ``...`` when it has no such prefix) with at most its last four
characters. Ordinary names that merely look alike (``sk-learn``, ``task-...``, CSS classes, names of variables,
placeholders) stay readable.
"""

from __future__ import annotations

import re

# A key may directly follow an escape sequence in the text of a string or of a notebook: "\nsk-...".
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
# OpenAI's keys (sk-, sk-proj-, sk-svcacct-, ...) and the provider's (ak_).
_PREFIXED = re.compile(_START + r"(sk-|ak_)([A-Za-z0-9_\-]{4,})")
# Keys of other services, whose prefix says enough.
_OTHER = re.compile(
    _START + r"(?:gsk_|xai-|hf_|r8_|pplx-|fw_|tgp_v1_|nvapi-|AIza|AKIA|gh[pousr]_|github_pat_|xox[abp]-)"
    r"[A-Za-z0-9_\-]{16,}"
)
_BEARER = re.compile(r"(\b[Bb]earer\s+)([A-Za-z0-9._~+/=\-]{8,})")
# A name that says "secret", then whatever stands between a name and its value: the end of a subscript or of a
# quoted key, an annotation, `=`, `:`, `,` or `(`; then the value, quoted or bare (NAME=value).
_NAME = (
    r"(?i:api[_\-]?key|secret|token|passw(?:or)?d|credential|authorization|auth[_\-]?key|access[_\-]?key|[a-z]_key"
    r"|(?<![a-z0-9])key)[A-Za-z0-9_]{0,40}"
)
_WORDS = ("key", "secret", "token", "passw", "credential", "authorization")  # one of them is in every such name
_ANNOTATION = r"(?::[ \t]{0,9}(?:str|SecretStr|Final(?:\[str\])?)(?![A-Za-z0-9_])[ \t]{0,9})?"
_BETWEEN = r"(?:\\?[\"'])?[\])]?[ \t]{0,20}" + _ANNOTATION + r"[=:,(][ \t]{0,20}"
_QUOTED = re.compile(rf"({_NAME}{_BETWEEN}[rRbBuU]{{0,2}}\\?([\"']))([A-Za-z0-9+/=._~\-]{{6,}})(?=\\?\2)")
_BARE = re.compile(rf"({_NAME}[ \t]{{0,20}}[=:][ \t]{{0,20}})([A-Za-z0-9+/=_~\-]{{6,}}+)(?![.(\[])")

_SECRET_NAME = re.compile(r"(?i)api[_\-]?key|secret|passw|credential")
_PLACEHOLDER = re.compile(r"(?i)your|here|example|placeholder|dummy|fake|needed|required|change[_-]?me|xxxx|empty")
_SEPARATORS = re.compile(r"[-_./+=~]+")
_WORD = re.compile(r"[a-z]{0,14}|[A-Z]{0,14}|[A-Z][a-z]{0,13}|[0-9]{1,3}")
_LOWER_WORD = re.compile(r"[a-z]{0,14}|[0-9]{1,3}")


def redact(text: str) -> str:
    """``text`` with every hard-coded key in it shortened. Redacting twice is redacting once."""
    if "sk-" in text or "ak_" in text:
        text = _PREFIXED.sub(_prefixed, text)
    text = _OTHER.sub(lambda found: _short(found[0]), text)
    if "earer" in text:
        text = _BEARER.sub(_bearer, text)
    # A name and its value stand on one line, and most lines have neither; the patterns are slow.
    lines = text.split("\n")
    return "\n".join([_named(line) if any(map(line.lower().__contains__, _WORDS)) else line for line in lines])


def _named(line: str) -> str:
    return _BARE.sub(_bare, _QUOTED.sub(_quoted, line))


def _prefixed(found: re.Match[str]) -> str:
    prefix, body = found[1], found[2]
    if _all_words(body, _LOWER_WORD) or (prefix == "ak_" and not _random(body)):
        return found[0]
    return _short(found[0])


def _bearer(found: re.Match[str]) -> str:
    value = found[2]
    return found[0] if "..." in value or _all_words(value, _WORD) else found[1] + _short(value)


def _quoted(found: re.Match[str]) -> str:
    value = found[3]
    if "..." in value:
        return found[0]
    secret = value.startswith(("sk-", "ak_")) or _random(value) or _unusual(found[1], value)
    return found[1] + _short(value) if secret else found[0]


def _bare(found: re.Match[str]) -> str:
    value = found[2]
    return found[1] + _short(value) if value.startswith("sk-") or _random(value, bare=True) else found[0]


def _unusual(name: str, value: str) -> bool:
    """Whether a literal right behind the name of a key is more than words, such as another variable's name."""
    if not _SECRET_NAME.search(name) or _PLACEHOLDER.search(value) or len(value) < 8:
        return False
    return any(character.isdigit() for character in value) and not _all_words(value, _WORD)


def _random(value: str, *, bare: bool = False) -> bool:
    """Whether some part of ``value`` is too long or too mixed for a word; ``bare`` text may be a long identifier."""
    for part in _SEPARATORS.split(value):
        digits = sum(character.isdigit() for character in part)
        if len(part) >= 10 and 2 <= digits < len(part):
            return True
        if len(part) >= 16 and not bare:
            return True
    return False


def _all_words(value: str, word: re.Pattern[str]) -> bool:
    return all(word.fullmatch(part) for part in _SEPARATORS.split(value))


def _short(key: str) -> str:
    prefix = key[:3] if key.startswith(("sk-", "ak_")) else ""
    # Four characters of a short key would give too much of it away.
    return f"{prefix}...{key[-4:] if len(key) >= 20 else ''}"
