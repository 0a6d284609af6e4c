"""ABL050: the key's variable in the files around the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span
from codemod.files.needs import Kind
from codemod.files.placeholders import described, is_secret, reworded
from codemod.files.site import Role
from codemod.files.surrounding import followed
from codemod.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.owners import Stand
    from codemod.files.site import Site, Value
    from codemod.files.surrounding import Surrounding, Told


class VariableName(Rule):
    """Where the key of migrated code is defined or passed on - env files, compose files, workflows, Dockerfiles,
    manifests, scripts - its name moves with the code.

    A placeholder is carried over, a reference to the same variable or secret is renamed with it, and a real secret is
    OpenAI's: its value is never put under the new name. Where something still needs the old variable, the new one is
    added beside it. A file whose readers all stay is left alone.
    """

    id = "ABL050"
    name = "variable-name"
    summary = "The key's variable is renamed where it is defined, passed on or checked outside Python."
    urgency = 2

    def follow(self, site: Site, file: Surrounding) -> Iterator[Told]:
        """Rename one place, add the new variable beside it, or say why not."""
        if file.needs.kinds.get(site.name) is not Kind.KEY or site.role is Role.PROSE:
            return
        stand, key = file.stand(site), file.needs.target.key_env
        holder = file.holder(site) if site.role is Role.REFERS else None
        if holder is not None and file.needs.kinds.get(holder.name) is Kind.KEY:
            return  # told with the definition
        if not stand.moves:
            if stand.keeper:
                yield self.told_keep(
                    site.span, f"{site.name} stays here: {stand.keeper} needs it, and nothing moves here"
                )
            elif stand.apart:
                yield self.told_keep(site.span, f"{site.name} stays here: nothing in {stand.apart} is seen to read it")
        elif site.fixed:
            yield self.told_review(site.span, f"{site.name} stays here: {site.fixed}", _BY_HAND.format(key=key))
        elif file.elsewhere:
            yield self.told_review(
                site.span,
                f"{site.name} stays here: the program is sent to {file.elsewhere}",
                f"Find out where it shall call: clients without a base_url went there, and migrated ones read {key}.",
            )
        elif site.name in file.undecided or (site.value is not None and not followed(site.value)):
            yield self.told_review(
                site.span,
                f"{site.name} stays here: where its value comes from cannot be followed",
                _BY_HAND.format(key=key),
            )
        elif site.role is Role.REFERS:
            yield from self._reference(site, file, stand, holder)
        else:
            yield from self._entry(site, file, stand)

    def _reference(self, site: Site, file: Surrounding, stand: Stand, holder: Site | None) -> Iterator[Told]:
        name, key = site.name, file.needs.target.key_env
        given_to = holder.name if holder is not None else file.given_to(site)
        if file.calls_openai and file.illustrative:
            yield self.told_keep(site.span, f"{name} stays here: the example calls api.openai.com")
        elif file.calls_openai:
            yield self.told_review(
                site.span,
                f"{name} stays here: a command in this file calls api.openai.com",
                "Move the command's URL, key and model by hand, all at once, or leave it at OpenAI.",
            )
        elif given_to is not None and given_to != key:
            yield self.told_review(
                site.span,
                f"{name} stays here: it is handed on as {given_to}, to whoever reads that",
                f"If that program calls OpenAI, leave it; if it is migrated, give it {key} instead.",
            )
        elif stand.keeper:
            yield self.told_keep(site.span, f"{name} stays here: {stand.keeper} still needs it")
        else:
            yield self.told_change(site.span, f"{name} becomes {key}", Edit(site.span, key, self.id))

    def _entry(self, site: Site, file: Surrounding, stand: Stand) -> Iterator[Told]:
        name, key = site.name, file.needs.target.key_env
        edits = [Edit(site.span, key, self.id)]
        if site.pattern:
            if not file.defines(key):
                passed = file.text[site.span.start : site.span.end]
                yield self.told_change(
                    site.span, f"{key} is added: {passed} lets {name} through", file.copied(site, edits, self.id)
                )
            return
        if site.value is not None:
            edits += self._value(site, site.value, file)
        edits += self._said(site, file)
        whole = site.value.quoted if site.value is not None else site.span
        span = Span(min(site.span.start, whole.start), max(site.span.end, whole.end))
        keeper = stand.keeper or ("a command in this file" if file.calls_openai else "")
        if not keeper:
            if file.defines(key) and name in file.needs.left_over:
                return  # it stands there for a reason that the code does not tell
            if file.defines(key):
                yield self._superfluous(site, span, file)
            else:
                yield self.told_change(span, f"{name} becomes {key}", *edits)
        elif file.defines(key):
            yield self.told_keep(span, f"{name} stays beside {key}: {keeper} still needs it")
        elif file.illustrative and not (stand.near or file.shows_move):
            yield self.told_keep(span, f"{name} stays in this example: {keeper} still needs it")
        elif site.repeat is None:
            yield self.told_review(
                span, f"{key} has to be given here too: {keeper} still needs {name}", f"Add {key} beside {name}."
            )
        else:
            added = file.copied(site, edits, self.id)
            yield self.told_change(span, f"{key} is added: {keeper} still needs {name}", added)

    def _superfluous(self, site: Site, span: Span, file: Surrounding) -> Told:
        removed = file.removed(site, self.id)
        if removed is None:
            why = f"{site.name} is given here beside {file.needs.target.key_env}, and nothing needs it any more"
            return self.told_review(span, why, "Remove it.")
        return self.told_change(span, f"{site.name} goes: nothing needs it any more", removed)

    def _said(self, site: Site, file: Surrounding) -> Iterator[Edit]:
        """People would give the new variable their OpenAI key if its description went on asking for that."""
        for span in site.said:
            text = file.text[span.start : span.end]
            new = described(re.sub(_alone(site.name), file.needs.target.key_env, text))
            if new != text:
                yield Edit(span, new, self.id)

    def _value(self, site: Site, value: Value, file: Surrounding) -> list[Edit]:
        """What a definition's value takes."""
        key = file.needs.target.key_env
        if value.references:
            reference = value.references[0]
            default = _DEFAULT.match(file.text, reference.span.end, value.span.end)
            edits = self._text(Span(*default.span(1)), default[1], site.name, key) if default else []
            return [Edit(reference.span, key, self.id), *edits]
        if is_secret(value.text):
            quotes = value.quoted != value.span
            return [Edit(value.span if quotes else value.quoted, "" if quotes else value.empty, self.id)]
        written = value.text == file.text[value.span.start : value.span.end]
        # A placeholder that its format writes in another way than it reads is carried over as it is.
        return self._text(value.span, value.text, site.name, key) if written else []

    def _text(self, span: Span, text: str, name: str, key: str) -> list[Edit]:
        """A text given in the variable's place, without a secret and without speaking of OpenAI."""
        new = "" if is_secret(text) else reworded(re.sub(_alone(name), key, text))
        return [Edit(span, new, self.id)] if new != text else []


def _alone(name: str) -> str:
    return rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])"


_DEFAULT = re.compile(r":?[-=?]([^}]*)\}")
_BY_HAND = "Give the migrated code {key} here by hand, with a key of the new provider; never with OpenAI's."
