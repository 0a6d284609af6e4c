"""What findings say of their place: one for each thing done, with what stood there and what takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codemod.changes import Finding, Status
from codemod.migrate import migrate
from codemod.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def changes(folder: Path, source: str) -> list[Finding]:
    (folder / "main.py").write_text(source, "utf-8")
    found = migrate([folder], Settings(jobs=1)).findings
    return [finding for finding in found if finding.status is Status.CHANGE]


def swaps(found: list[Finding], rule: str) -> list[tuple[str, str]]:
    return [(finding.before, finding.after) for finding in found if finding.rule == rule]


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ('os.environ["OPENAI_API_KEY"]', '"OPENAI_API_KEY"', '"ABLIT_KEY"'),
        ('os.getenv("OPENAI_API_KEY")', 'os.getenv("OPENAI_API_KEY")', 'os.environ["ABLIT_KEY"]'),
        ('"YOUR_API_KEY"', '"YOUR_API_KEY"', 'os.environ["ABLIT_KEY"]'),
    ],
)
def test_a_change_inside_a_call_is_told_apart_from_the_call_s(
    key: str, before: str, after: str, tmp_path: Path
) -> None:
    source = f'import os\nfrom openai import OpenAI\n\nc = OpenAI(api_key={key}, organization="org-1")\n'
    found = changes(tmp_path, source)
    assert swaps(found, "ABL002") == [(before, after)]
    assert swaps(found, "ABL005") == [('"org-1"', "")]
    ((_, call),) = swaps(found, "ABL001")
    assert call == 'OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")'


def test_a_look_up_whose_name_and_form_change_is_one_change(tmp_path: Path) -> None:
    source = (
        'import os\nfrom openai import OpenAI\n\napi_key = os.getenv("OPENAI_API_KEY")\nif not api_key:\n'
        '    print("OPENAI_API_KEY is not set")\n\nclient = OpenAI(api_key=api_key)\n'
    )
    found = [finding for finding in changes(tmp_path, source) if finding.line == 4]
    assert swaps(found, "ABL002") == [('os.getenv("OPENAI_API_KEY")', 'os.environ["ABLIT_KEY"]')]


def test_two_look_ups_of_one_line_are_two_changes(tmp_path: Path) -> None:
    source = (
        "import os\nfrom openai import OpenAI\n\n"
        'c, d = OpenAI(api_key=os.environ["OPENAI_API_KEY"]), OpenAI(api_key=os.environ["OPENAI_API_KEY"])\n'
    )
    assert len(swaps(changes(tmp_path, source), "ABL002")) == 2
