"""What a base URL says about where a client goes."""

from __future__ import annotations

from enum import Enum, auto
from urllib.parse import urlsplit


class Address(Enum):
    """Whose server a URL names."""

    OPENAI = auto()
    TARGET = auto()
    OTHER = auto()


def classify(url: str, target: str) -> Address:
    """Whose server ``url`` names; ``target`` is the base URL that code is moved to."""
    if url.rstrip("/") == target.rstrip("/"):
        return Address.TARGET
    host = host_of(url)
    if host == "api.openai.com" or (host.endswith(".api.openai.com") and host.count(".") == 3):
        return Address.OPENAI
    return Address.TARGET if host and host == host_of(target) else Address.OTHER


def host_of(url: str) -> str:
    """The host of a URL in lower case, empty when there is none."""
    try:
        return (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return ""
