"""ABL005: arguments that belong to an OpenAI account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.client_headers import client_headers
from codemod.python.direct_http.http_plan import ACCOUNT, without
from codemod.python.edit.actions import RemoveStatement, Rewrite, SetArguments, SetCode
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import Store
    from codemod.python.plan.clients import Client
    from codemod.python.world import World

_ARGUMENTS = ("organization", "project", "data_residency")


class AccountArgument(Rule):
    """``organization``, ``project`` and ``data_residency`` go from a migrated client.

    They belong to an OpenAI account and would be sent to the new provider as headers; residency excludes ``base_url``.
    """

    id = "ABL005"
    name = "account-argument"
    summary = "Organization, project and residency are taken off a migrated client."
    indispensable = True
    examples = (
        Example(
            "an organization",
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], organization="org-1")\n',
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")\n',
        ),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Remove the arguments, or say where they are set."""
        if client.module is not None:
            yield from self._module(client, world)
            yield from self._headers(client, world)
            return
        for name in _ARGUMENTS:
            for given in world.ever_given(client, name):
                if given.call < 0:
                    yield self.review(
                        given.path,
                        given.place,
                        f"{name} reaches this client through a dict",
                        f"Take {name} out of the dict: it belongs to an OpenAI account.",
                    )
                    continue
                place = world.program.calls[given.call].place
                rewrite = Rewrite(given.path, place, SetArguments(remove=(name,)), self.id)
                yield self.change(given.path, given.place, f"removed {name}=", rewrite)
        for store in client.stores:
            if store.name in _ARGUMENTS:
                yield self._stays(store, world)
        yield from self._headers(client, world)

    def _headers(self, client: Client, world: World) -> Iterator[Note]:
        """Take the account's headers away, or say where they are set."""
        for header in client_headers(world, client).named(*ACCOUNT):
            write, rewrite = header.write, without(world, header)
            kept = world.http.header_kept(write) or world.http.write_stays(write, header.name)
            if rewrite is not None and not kept:
                yield self.change(write.path, write.value_place, f"removed {header.name}", rewrite)
            else:
                message = f"{header.name} goes to the new provider with this client's requests"
                advice = "Take the header out for this client: it belongs to an OpenAI account."
                yield self.review(write.path, write.value_place, message, advice)

    def _stays(self, store: Store, world: World) -> Note:
        return self.review(
            world.program.files[store.file].path,
            store.place,
            f"{store.name} is set on a client that moves",
            f"Remove this line: {store.name} belongs to an OpenAI account.",
        )

    def _module(self, client: Client, world: World) -> Iterator[Note]:
        """Settings of the SDK's module go where they are statements of their own, arguments of 0.28 from the call."""
        for store in (store for store in client.stores if store.name in _ARGUMENTS):
            path = world.program.files[store.file].path
            layout = world.layout(path)
            if world.program.constants.get(store.value, ...) is None:
                continue
            if layout.sets_only(store.place):
                rewrite = Rewrite(path, store.place, RemoveStatement(layout.alone(store.place)), self.id)
                yield self.change(path, store.place, f"removed {store.name}", rewrite)
            elif layout.unpacks(store.place):
                rewrite = Rewrite(path, store.value_place, SetCode("None"), self.id)
                yield self.change(path, store.value_place, f"{store.name} becomes None", rewrite)
            else:
                yield self._stays(store, world)
        for call in client.api_calls:
            for arg in (arg for arg in call.args if arg.name in _ARGUMENTS):
                path, place = world.call_path(call.call), world.program.calls[call.call].place
                rewrite = Rewrite(path, place, SetArguments(remove=(arg.name or "",)), self.id)
                yield self.change(path, arg.place, f"removed {arg.name}=", rewrite)
