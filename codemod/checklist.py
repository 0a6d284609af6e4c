"""What a team does around the merge, in the order in which it does it, made from what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.changes import Status
from codemod.rules.exposed_key import ExposedKey
from codemod.rules.mixed_client import MixedClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.changes import Finding, Target
    from codemod.rules.rule import Note


def checklist(findings: Sequence[Finding], notes: Sequence[Note], target: Target) -> tuple[str, ...]:
    """The steps, none when nothing moves."""
    if not any(note.rewrites for note in notes):
        return ()
    steps = [
        f"Make a key at {provider.KEYS_PAGE}.",
        f"Set {target.key_env} wherever this code runs: deployment, CI secrets, local .env files.",
    ]
    if any(finding.rule == MixedClient.id and finding.status is Status.CHANGE for finding in findings):
        steps.append("Keep the OpenAI key there too: clients that were split need both keys.")
    steps += [
        f"Revoke the key that stands in {finding.path}:{finding.line}."
        for finding in findings
        if finding.rule == ExposedKey.id
    ]
    if any(finding.status is Status.REVIEW for finding in findings):
        steps.append("Go through the findings for review.")
    steps.append("Run the sanity check below with the new key.")
    stays = any(finding.status is not Status.CHANGE for finding in findings)
    steps.append(
        "Remove OPENAI_API_KEY only where nothing that was kept or is for review still needs it."
        if stays
        else "Remove OPENAI_API_KEY where nothing else needs it any more."
    )
    return tuple(dict.fromkeys(steps))
