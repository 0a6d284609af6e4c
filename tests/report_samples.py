"""Migrations made by hand for the tests of the report formats."""

from __future__ import annotations

from pathlib import Path

from codemod.changes import Edit, FileChange, Finding, Migration, Remainder, Span, Status, Target, Unreadable

# Outside any repository, wherever temporary files are, so that paths in a report are as they are here.
ROOT = Path(Path.cwd().anchor) / "nowhere"
TARGET = Target(base_url="https://api.abliteration.ai/v1", key_env="ABLIT_KEY", model="abliterated-model")
# Made up; nobody's key.
SECRET = "sk-proj-" + "Zq7Rk2Vt9Xw4Lm6Np8Bs3Df5"

LLM = '''\
"""Answers questions."""

from openai import OpenAI

MODEL = "gpt-4o-mini"
client = OpenAI(timeout=30)


def ask(question: str) -> str:
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": question}],
    )
    return answer.choices[0].message.content
'''
LLM_EDITS = (
    ("from openai", "import os\n\nfrom openai", "ABL001"),
    ('"gpt-4o-mini"', '"abliterated-model"', "ABL004"),
    (
        "OpenAI(timeout=30)",
        'OpenAI(timeout=30, base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])',
        "ABL001",
    ),
)
EXPOSED = f'''\
from openai import OpenAI

client = OpenAI(api_key="{SECRET}")
'''
EXPOSED_EDITS = (
    ("from openai", "import os\n\nfrom openai", "ABL001"),
    (
        f'OpenAI(api_key="{SECRET}")',
        'OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")',
        "ABL001",
    ),
)


def change(path: str, before: str | bytes, *edits: tuple[str, str, str], encoding: str = "utf-8") -> FileChange:
    """A file's change from (old text, new text, rule) triples; each old text is looked for after the one before."""
    data = before if isinstance(before, bytes) else before.encode(encoding)
    decoded = data.decode(encoding)
    text = decoded.removeprefix("\ufeff")
    offset, parts, made = 0, [], []
    for old, new, rule in edits:
        start = text.index(old, offset)
        parts += [text[offset:start], new]
        offset = start + len(old)
        made.append(Edit(Span(start, offset), new, rule))
    mark = decoded[: len(decoded) - len(text)]
    after = "".join([mark, *parts, text[offset:]]).encode(encoding)
    return FileChange(path, data, after, encoding, tuple(made))


def finding(rule: str, status: Status, path: str, line: int, message: str, **more: object) -> Finding:
    """A finding on one line, from column 1 to 20 unless told otherwise."""
    place = {"column": 1, "end_line": line, "end_column": 20} | more
    return Finding(rule=rule, status=status, path=path, line=line, message=message, **place)


def migration(
    *changes: FileChange,
    findings: tuple[Finding, ...] = (),
    unreadable: tuple[Unreadable, ...] = (),
    checklist: tuple[str, ...] = (),
    inventory: tuple[Remainder, ...] = (),
    root: Path = ROOT,
) -> Migration:
    """A migration of these changes and findings, in the order that a run gives them."""
    return Migration(
        root=root,
        target=TARGET,
        files_scanned=len(changes) + len(unreadable) + 40,
        changes=tuple(sorted(changes, key=lambda item: item.path)),
        findings=tuple(sorted(findings, key=lambda item: item.place)),
        unreadable=unreadable,
        checklist=checklist,
        inventory=inventory,
    )


def sample(root: Path = ROOT) -> Migration:
    """One of everything: changes, all three outcomes, an exposed key, a notebook, an unreadable file, a checklist, an
    inventory."""
    return migration(
        change("app/llm.py", LLM, *LLM_EDITS),
        change("scripts/old.py", EXPOSED, *EXPOSED_EDITS),
        findings=(*_changed(), *_for_review(), *_kept()),
        unreadable=(Unreadable("legacy/py2.py", "Missing parentheses in call to 'print'", 7),),
        checklist=(
            "Make a key at https://abliteration.ai/console/keys and put it into ABLIT_KEY.",
            "Rotate the key in `scripts/old.py`.",
        ),
        inventory=(
            Remainder("kept on purpose", "app/search.py", 3, 1, ("OPENAI_API_KEY",)),
            *(Remainder("prose", f"docs/{page}.md", 9, 2, ("api.openai.com", "gpt-4o")) for page in "abcd"),
            Remainder("prose", "docs/a.md", 12, 1, ("gpt-4o",)),
        ),
        root=root,
    )


def _changed() -> tuple[Finding, ...]:
    place = {"column": 10, "end_column": 28}
    return (
        finding(
            "ABL004", Status.CHANGE, "app/llm.py", 5, "model id", column=9, end_column=22, before='"gpt-4o-mini"',
            after='"abliterated-model"',
        ),
        finding(
            "ABL001", Status.CHANGE, "app/llm.py", 6, "client re-pointed", **place, before="OpenAI(timeout=30)",
            after='OpenAI(timeout=30, base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])',
        ),
        finding(
            "ABL001", Status.CHANGE, "scripts/old.py", 3, "client re-pointed", column=10, end_column=60,
            before=f'OpenAI(api_key="{SECRET}")',
            after='OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")',
        ),
    )  # fmt: skip


def _for_review() -> tuple[Finding, ...]:
    return (
        finding(
            "ABL017", Status.REVIEW, "app/agent.py", 41, "the model comes from a database row", before="row.model",
            help="Put abliterated-model into the rows that this call reads.",
        ),
        finding(
            "ABL018", Status.REVIEW, "scripts/old.py", 3, "a key stands in the source", before=f'"{SECRET}"',
            help="Rotate it: it is in the history of this repository.", column=25, end_column=50,
        ),
        finding(
            "ABL015", Status.REVIEW, "notebooks/try.ipynb", 2, "the key cannot be followed", cell=4,
            before="OpenAI(api_key=vault.get())", help="Let vault.get() return the new key.",
        ),
    )  # fmt: skip


def _kept() -> tuple[Finding, ...]:
    return (
        finding(
            "ABL010", Status.KEEP, "app/search.py", 12, "embeddings are not served by the provider",
            before="client.embeddings.create",
        ),
        finding("ABL011", Status.KEEP, "app/groq.py", 4, "a client at api.groq.com", before="OpenAI(base_url=GROQ)"),
    )  # fmt: skip
