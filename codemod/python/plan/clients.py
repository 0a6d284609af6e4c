"""What is known of one client: how it is made, what is called on it, and where it leaves the repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link.external_clients import SPECIAL_CLIENTS

if TYPE_CHECKING:
    from codemod.python.link.program import ApiCall, Constructor, Store
    from codemod.python.module.module_client import ModuleUse
    from codemod.python.read.facts import Place

# Methods of a client that reach nobody, with those of the mock in its place (`create.assert_called_once_with(...)`).
HARMLESS = frozenset(
    "assert_called assert_called_with assert_called_once assert_called_once_with assert_not_called assert_any_call "
    "assert_has_calls assert_awaited assert_awaited_with assert_awaited_once assert_awaited_once_with "
    "assert_not_awaited assert_any_await assert_has_awaits reset_mock configure_mock attach_mock "
    "close is_closed aclose __exit__ __aexit__ platform_headers with_options copy "
    "chat completions responses beta base_url api_key timeout max_retries default_headers organization project".split()
)


class Escape(NamedTuple):
    """A client, or its class, handed to code outside the repository: the callee's name and the call."""

    callee: str
    call: int


@dataclass(slots=True)
class Client:
    """One client of the repository: how it is made and all that is known to be called on it.

    ``module`` is set for the SDK's module, which is a client that nobody makes.
    """

    index: int
    constructor: Constructor
    path: str
    place: Place
    api_calls: list[ApiCall] = field(default_factory=list)
    escapes: list[Escape] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    module: ModuleUse | None = None

    @property
    def all_calls(self) -> list[ApiCall]:
        """Its calls, those through the module that stay at OpenAI included."""
        return self.api_calls + (self.module.staying_calls(self.index) if self.module is not None else [])

    @property
    def special(self) -> set[str]:
        """The SDK classes among its own that address or authenticate in another way."""
        return self.constructor.classes & SPECIAL_CLIENTS
