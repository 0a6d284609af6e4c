"""What the names in a structured file do: each is judged by the scalar it stands in and by that scalar's neighbours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats import meaning
from codemod.files.formats.commented import read_comment
from codemod.files.formats.embedded import read_script, read_text
from codemod.files.formats.occurrences import find_names
from codemod.files.formats.references import Named, find_contexts, find_messages, find_references
from codemod.files.formats.repeats import repeat_entry, repeat_item
from codemod.files.formats.scalars import resolve
from codemod.files.formats.tree import LINE_END, Entry, Mapping, Scalar, Sequence, Style
from codemod.files.site import Reference, Role, Site, Value

if TYPE_CHECKING:
    from codemod.files.formats.tree import Node, Tree
    from codemod.files.site import Repeat

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INLINE = frozenset({Style.PLAIN, Style.SINGLE, Style.DOUBLE, Style.VERBATIM})
# Nothing describes a variable at such length.
_MANY = 64
_ENV_TAGS = re.compile(r"!(?:env|env_var|ENV|EnvVar|os\.environ)", re.IGNORECASE)
_COMPUTING = re.compile(r"!(?!!|$)")


class TreeReader:
    """Reads the names ``wanted`` in one tree."""

    def __init__(self, tree: Tree, wanted: frozenset[str]) -> None:
        self._tree = tree
        self._wanted = wanted
        self._last: tuple[Scalar, dict[Span, Site]] | None = None

    def sites(self) -> list[Site]:
        """A site for every place where one of the names stands alone."""
        return [self._site(name, span) for name, span in find_names(self._tree.text, self._wanted)]

    def _site(self, name: str, span: Span) -> Site:
        scalar = self._tree.scalar_at(span)
        site = self._judged(scalar, name, span)
        if scalar is None or site.fixed or site.role is Role.PROSE:
            return site
        image = meaning.foreign_image(self._tree, scalar)
        foreign = f"the image {image} is not built here, and reads the name that it documents" if image else ""
        return replace(site, fixed=self._handed_over(scalar) or foreign, taker=f"the image {image}" if image else "")

    def _handed_over(self, scalar: Scalar) -> str:
        """Why a name stays that somebody else's action or workflow is given; empty where that is not so."""
        tree = self._tree
        found = meaning.somebody_elses(tree, scalar)
        if found is None:
            return ""
        step, key = found
        given = any(tree.get(tree.get(step, "env"), name) is not None for name in self._wanted)
        if key == "with" and not given and self._is_own(scalar):
            return ""
        action = tree.written(tree.get(step, "uses")).partition("@")[0]
        return f"{action} is somebody else's, which reads the name that it documents"

    def _is_own(self, scalar: Scalar) -> bool:
        """Whether a text given to an action is a script, or names variables for programs of one's own."""
        tree = self._tree
        if meaning.hands_names(tree, scalar) or meaning.language(tree, scalar) is not None:
            return True
        within = self._last[1].values() if self._last is not None and self._last[0] is scalar else ()
        return any(site.role in (Role.DEFINES, Role.PASSES) for site in within)

    def _judged(self, scalar: Scalar | None, name: str, span: Span) -> Site:
        if scalar is None:
            if meaning.reads_values(self._tree, span):
                return Site(name, span, Role.REFERS)
            if self._tree.comment_at(span) is None:
                return Site(name, span, Role.PROSE)
            return read_comment(self._tree, name, span, self._wanted)
        if scalar.span != span:
            return self._within(scalar, name, span)
        if scalar.entry is not None and scalar.entry.key is scalar:
            return self._key(scalar.entry, name, span)
        if scalar.entry is not None:
            return self._named(scalar, name, span)
        if isinstance(scalar.parent, Sequence):
            return self._item(scalar, name, span)
        return Site(name, span, Role.PROSE)

    def _key(self, entry: Entry, name: str, span: Span) -> Site:
        """``NAME: value``."""
        tree, value = self._tree, entry.value
        scope = meaning.scope_of(tree, entry.key)
        if meaning.is_secret_file(tree, entry.key):
            return Site(name, span, Role.PASSES, scope=scope, fixed=_secret_file(name))
        repeat = repeat_entry(tree, entry)
        if isinstance(value, Scalar):
            if self._is_null(value):
                return Site(name, span, Role.PASSES, None, repeat, scope)
            told = self._value(value)
            encoded = meaning.is_encoded(tree, value) and told.text != ""
            fixed = "its value is written in base64" if encoded and not told.computed else ""
            return Site(name, span, Role.DEFINES, told, repeat, scope, fixed)
        if isinstance(value, Sequence):
            return Site(name, span, Role.DEFINES, scope=scope, fixed="it is given several values")
        return self._given(value, name, span, repeat, scope)

    def _named(self, scalar: Scalar, name: str, span: Span) -> Site:
        """The name as a value: ``name: NAME`` beside a ``value``, the key of a secret, ``api_key_env: NAME``."""
        tree, mapping = self._tree, scalar.parent
        key = tree.key_of(scalar)
        if key == "key" and mapping is not None and tree.key_of(mapping).endswith("KeyRef"):
            return Site(name, span, Role.REFERS, scope=meaning.scope_of(tree, scalar))
        if tree.get(mapping, "replace") is not None:
            return Site(name, span, Role.REFERS, scope=meaning.scope_of(tree, scalar))
        if key in meaning.NAME_KEYS and isinstance(mapping, Mapping) and not meaning.is_step(tree, mapping):
            valued = tree.get(mapping, *meaning.VALUE_KEYS, "valueFrom", "value_from", "value_source") is not None
            if valued or isinstance(mapping.parent, Sequence):
                listed = isinstance(mapping.parent, Sequence)
                repeat = repeat_item(tree, mapping) if listed else None
                return self._given(mapping, name, span, repeat, meaning.scope_of(tree, scalar))
        refers = key != name and key not in meaning.NAME_KEYS and meaning.holds_name(tree, scalar)
        if refers or _ENV_TAGS.fullmatch(scalar.tag):
            scope = meaning.scope_of(tree, scalar)
            if meaning.is_stored(tree, scalar):
                value = Value(span, name, scalar.quoted, computed=True, empty='""')
                return Site(name, span, Role.DEFINES, value, scope=scope)
            return Site(name, span, Role.REFERS, scope=scope, fixed=meaning.given_from(tree, scalar))
        return Site(name, span, Role.PROSE)

    def _item(self, scalar: Scalar, name: str, span: Span) -> Site:
        """``- NAME`` in a list of variables, or of arguments."""
        tree = self._tree
        scope = meaning.scope_of(tree, scalar)
        if meaning.is_secret_file(tree, scalar):
            return Site(name, span, Role.PASSES, scope=scope, fixed=_secret_file(name))
        flag = meaning.flag_before(tree, scalar)
        if flag is not None:
            return Site(name, span, Role.PASSES, None, repeat_item(tree, scalar, flag), scope)
        if isinstance(scalar.parent, Sequence) and _ENV_TAGS.fullmatch(scalar.parent.tag):
            return Site(name, span, Role.REFERS, scope=scope)
        if meaning.lists_names(tree, scalar) and not meaning.is_script(tree, scalar):
            return Site(name, span, Role.PASSES, None, repeat_item(tree, scalar), scope)
        return Site(name, span, Role.PROSE)

    def _given(self, mapping: Mapping, name: str, span: Span, repeat: Repeat | None, scope: str | None) -> Site:
        """A variable of which a mapping tells more than a value: a description, or where its value comes from."""
        tree = self._tree
        source = tree.get(mapping, "valueFrom", "value_from")
        if isinstance(source, Scalar):
            return Site(name, span, Role.DEFINES, self._value(source, computed=True), repeat, scope)
        if source is not None:
            value = self._from_store(source, name)
            fixed = "" if value else _source(tree, source)
            return Site(name, span, Role.DEFINES, value, repeat, scope, fixed)
        if len(mapping.entries) > _MANY:
            return Site(name, span, Role.DEFINES, scope=scope, fixed="more is said of it than a value")
        for entry in mapping.entries:
            key = tree.written(entry.key)
            if key not in meaning.DECLARES and key not in meaning.VALUE_KEYS:
                return Site(name, span, Role.DEFINES, scope=scope, fixed=f"{key} may say where its value comes from")
        said = tuple(
            entry.value.span
            for entry in mapping.entries
            if isinstance(entry.value, Scalar) and meaning.is_talk(tree, entry.value)
        )
        value_node = tree.get(mapping, *meaning.VALUE_KEYS)
        if value_node is None or self._is_null(value_node):
            return Site(name, span, Role.PASSES, None, repeat, scope, said=said)
        if isinstance(value_node, Scalar):
            return Site(name, span, Role.DEFINES, self._value(value_node), repeat, scope, said=said)
        return Site(name, span, Role.DEFINES, scope=scope, fixed="its value is no plain text")

    def _is_null(self, node: Node) -> bool:
        plain = isinstance(node, Scalar) and node.style is Style.PLAIN and not node.tag
        return plain and self._tree.written(node) in _NULLS

    def _from_store(self, source: Node, name: str) -> Value | None:
        """A value kept under the variable's own name in a Secret or ConfigMap of Kubernetes."""
        for kind in ("secretKeyRef", "configMapKeyRef"):
            key = self._tree.get(self._tree.get(source, kind), "key")
            if isinstance(key, Scalar) and self._tree.written(key) == name:
                reference = Reference(name, key.span, secret=kind == "secretKeyRef")
                return Value(key.span, name, key.quoted, (reference,), empty='""')
        return None

    def _within(self, scalar: Scalar, name: str, span: Span) -> Site:
        """The name as a part of a text."""
        if self._last is None or self._last[0] is not scalar:
            self._last = (scalar, {site.span: site for site in self._read(scalar)})
        return self._last[1].get(span) or Site(name, span, Role.PROSE)

    def _read(self, scalar: Scalar) -> list[Site]:
        """The sites in a scalar; a later one of the same place is the better one."""
        tree, wanted = self._tree, self._wanted
        if meaning.is_talk(tree, scalar) or scalar.style is Style.ALIAS:
            return []
        scope = meaning.scope_of(tree, scalar)
        language = None if meaning.flag_before(tree, scalar) else meaning.language(tree, scalar)
        # A text of several lines in quotes is mostly data: what people have written.
        is_data = (
            language is None and scalar.style in _INLINE and LINE_END.search(resolve(tree, scalar).text) is not None
        )
        named: list[Reference] = []
        if not is_data and not meaning.is_content(tree, scalar):
            named += find_references(tree.text, scalar.span, wanted).references
            named += find_messages(tree.text, scalar.span, wanted)
        sites = [Site(one.name, one.span, Role.REFERS, scope=scope) for one in named if one.name in wanted]
        if language is not None:
            sites += read_script(tree, scalar, wanted, scope, language)
        else:
            sites += read_text(tree, scalar, wanted, scope)
        contexts = [] if is_data else find_contexts(tree.text, scalar.span)
        return sites + [Site(one.name, one.span, Role.REFERS, scope=scope) for one in contexts if one.name in wanted]

    def _value(self, scalar: Scalar, *, computed: bool = False) -> Value:
        tree = self._tree
        span = scalar.span
        if scalar.style in (Style.ALIAS, Style.EXPRESSION):
            return Value(span, tree.written(scalar), scalar.quoted, computed=True, empty='""')
        text = resolve(tree, scalar).text
        tagged = _ENV_TAGS.fullmatch(scalar.tag) is not None and text == tree.written(scalar)
        if tagged:
            named = Named((Reference(text, span),), computed=False)
        else:
            named = find_references(tree.text, span, self._wanted)
        computed = computed or named.computed or (_COMPUTING.match(scalar.tag) is not None and not tagged)
        if meaning.is_encoded(tree, scalar):
            text = meaning.decoded(text)
        return Value(span, text, scalar.quoted, named.references, computed, empty='""')


def _secret_file(name: str) -> str:
    return f"a container finds this secret as the file /run/secrets/{name}"


def _source(tree: Tree, source: Node) -> str:
    """Where a value comes from that is not kept under the variable's own name."""
    for kind, what in (("secretKeyRef", "secret"), ("configMapKeyRef", "config map")):
        place = tree.get(source, kind)
        if place is not None:
            key, store = tree.written(tree.get(place, "key")), tree.written(tree.get(place, "name"))
            return f"its value comes from the key {key} of the {what} {store}"
    key = tree.written(source.entries[0].key) if isinstance(source, Mapping) and source.entries else "another place"
    return f"its value comes from {key}"
