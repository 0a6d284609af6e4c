"""What a team does around the merge, in the order in which it does it, made from what was found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod import provider
from codemod.changes import Status, located
from codemod.files.needs import Kind
from codemod.files.placeholders import is_secret
from codemod.rules.exposed_key import ExposedKey
from codemod.rules.mixed_client import MixedClient
from codemod.rules.variable_name import VariableName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codemod.changes import FileChange, Finding
    from codemod.files.needs import Needs
    from codemod.surroundings import Definition, Followed

_NAMED = 5
_TEMPLATE = re.compile(r"(^|/)\.?env(\.|$)|\.env$|(example|sample|template|dist|tmpl|tpl)\b", re.IGNORECASE)
_WORKFLOW = re.compile(r"(^|/)\.github/workflows/")


def checklist(
    findings: Sequence[Finding],
    changes: Sequence[FileChange],
    needs: Needs,
    followed: Followed,
    ignored: Sequence[str],
    read: Callable[[str], bytes],
) -> tuple[str, ...]:
    """The steps. ``ignored`` are environment files that git ignores, which ``read`` reads."""
    key = needs.target.key_env
    steps = [f"Make a key at {provider.KEYS_PAGE}."]
    steps += _definitions(followed.definitions, key)
    undecided = [f for f in findings if f.rule == VariableName.id and f.status is Status.REVIEW]
    if undecided:
        steps.append(f"Decide where {key} comes from in {_listed(undecided)}.")
    steps += _ignored(needs, ignored, read)
    steps += [
        f"Add {key} to the secrets that {change.path} reads in Colab."
        for change in changes
        if change.path.endswith(".ipynb") and b"userdata.get" in change.after and key.encode() in change.after
    ]
    steps.append(f"Set {key} wherever else this code runs: deployment, CI secrets, local environment files.")
    if any(finding.rule == MixedClient.id and finding.status is Status.CHANGE for finding in findings):
        steps.append("Keep the OpenAI key there too: clients that were split need both keys.")
    steps += [
        f"Revoke the key that stands in {located(finding.path, finding.cell, finding.line)}."
        for finding in findings
        if finding.rule == ExposedKey.id and is_secret(finding.before.strip("\"'"))
    ]
    if any(finding.status is Status.REVIEW for finding in findings):
        steps.append("Go through the findings for review.")
    steps.append("Run the sanity check below with the new key.")
    steps += _removal(findings, needs)
    return tuple(dict.fromkeys(steps))


def _definitions(definitions: Sequence[Definition], key: str) -> Iterator[str]:
    """Where the value of the new key has to be put."""
    workflows = [one for one in definitions if one.secret and _WORKFLOW.search(one.path)]
    secrets = [one for one in definitions if one.secret and one not in workflows]
    given = [one for one in definitions if one.given and not one.secret]
    if workflows:
        yield f"Make the secret that {_listed(workflows)} reads: gh secret set {key}"
    if secrets:
        yield f"Make the secret {key} that {_listed(secrets)} reads."
    if given:
        yield f"Set {key} in the environment that {_listed(given)} takes it from."
    own = [one for one in definitions if not one.given and not one.secret]
    if templates := [one for one in own if _TEMPLATE.search(one.path)]:
        yield f"Set {key} in your copies of {_listed(templates)}, and commit no key."
    if others := [one for one in own if one not in templates]:
        yield f"See to it that {key} gets its value where {_listed(others)} sets it, and commit no key."


def _listed(places: Sequence[Definition | Finding]) -> str:
    """The first places by name, the rest by number."""
    names = list(dict.fromkeys(located(place.path, place.cell, place.line) for place in places))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ("; " if any(", " in name for name in names) else ", ").join(names[:_NAMED]) + more


def _ignored(needs: Needs, ignored: Sequence[str], read: Callable[[str], bytes]) -> Iterator[str]:
    names = [name for name, kind in needs.kinds.items() if kind is Kind.KEY]
    defined = re.compile(rf"^\s*(?:export\s+)?({'|'.join(map(re.escape, sorted(names)))})\s*=".encode(), re.MULTILINE)
    for path in ignored if names else ():
        try:
            found = defined.search(read(path))
        except OSError:
            continue
        if found is not None:
            yield f"Add {needs.target.key_env} to {path}, which git ignores and which defines {found[1].decode()}."


def _removal(findings: Sequence[Finding], needs: Needs) -> Iterator[str]:
    stays = any(finding.status is not Status.CHANGE for finding in findings)
    for name in sorted(name for name, kind in needs.kinds.items() if kind is Kind.KEY):
        staying = {reader.path for reader in needs.readers[name] if not reader.moves}
        keepers = sorted(path for path in staying if not path.startswith("../"))
        if keepers:
            more = f" and {len(keepers) - _NAMED} more" if len(keepers) > _NAMED else ""
            yield f"Keep {name}: still needed by {', '.join(keepers[:_NAMED])}{more}."
        elif stays:
            yield f"Remove {name} only where nothing that was kept or is for review still needs it."
        else:
            yield f"Remove {name} where nothing else needs it any more."
