"""A block of code in documentation: its lines, what is said of its language, and the document that it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from codemod.files.documents import magics
from codemod.files.documents.document import Document, Problem, joined
from codemod.files.documents.host import Cut, without_margin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codemod.files.documents.host import Host

_LANGUAGES = {
    "python": "python py ipython pyodide pycon python-repl doctest code-cell",
    "shell": "bash sh shell zsh ksh console terminal fish shell-session sh-session shellscript",
    "dotenv": "env dotenv .env",
    "ini": "ini cfg conf properties",
    "yaml": "yaml yml",
    "dockerfile": "dockerfile docker containerfile",
    "toml": "toml",
    "json": "json jsonc json5",
    "makefile": "makefile make mk",
    "procfile": "procfile",
    "powershell": "powershell pwsh ps1 posh",
    "batch": "bat batch cmd dos",
    "terraform": "terraform hcl tf",
}
_NAMED = {name: language for language, names in _LANGUAGES.items() for name in names.split()}
_UNSAID = frozenset({"", "text", "txt", "plaintext", "plain", "none", "default"})
_DIRECTIVE = re.compile(r"\{[ \t]*(?:code-block|code-cell|code|sourcecode|prompt)[ \t]*\}[ \t]*([\w.+#-]+)")
_CLASS = re.compile(r"[\s{]\.([\w+#-]+)")
_WORD = re.compile(r"[{ \t]*([\w.+#-]+)")
_PYTHON_PROMPT = re.compile(r"[ \t]*(>>>|\.\.\.)(?: |(?=[\r\n]|\Z))")
_SHELL_PROMPT = re.compile(r"[ \t]*(?:\([\w .-]+\) ?)?(?:[\w.-]+@[\w.-]+:?[^\s$#%]*)?[$%] +")
_WINDOWS_PROMPT = re.compile(r"[ \t]*(?:PS\b[^>\n]*|[A-Za-z]:[^>\n]*)?> ?")
_MORE = re.compile(r"[ \t]*> +")
_HERE = re.compile(r"<<-?[ \t]*['\"]?(\w+)")
_DEFINITION = re.compile(r"[ \t]*(export[ \t]+)?[A-Za-z_]\w*=|[A-Z][A-Z0-9_]*[ \t]*=")
_COMMAND = re.compile(
    r"[ \t]*(?:export|pip3?|python3?|uvx?|poetry|pipenv|docker|git|npm|cd|curl|source|streamlit)[ \t]\S"
)
# What can be migrated of Python that cannot be read; a signature in a reference, which names the variable, has nothing.
_USE = re.compile(
    r"\b(?:import|from)[ \t]+openai\b|\bopenai[.(]|\b(?:Async)?(?:Azure)?OpenAI\(|\b(?:environ|getenv)\b[^\n]*OPENAI"
)
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+openai\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """``info`` is what stands behind the fence or the directive; ``cuts`` are the lines, one by one."""

    info: str
    cuts: tuple[Cut, ...]


def document(block: Block, host: Host, label: str, concerns: Callable[[str], bool]) -> Document | Problem | None:
    """The document that a block is, or why it cannot be read; None when it concerns nobody.

    ``concerns`` is asked for the text of a block in Python, which takes time to read.
    """
    cuts = _without_options(host, block)
    texts = [host.text[cut.start : cut.end] for cut in cuts]
    language = _language(block.info, texts)
    if not "".join(texts).strip() or language is None:
        return None
    if language == "python":
        return _python(host, cuts, label) if concerns("".join(texts)) else None
    if language == "shell":
        cuts = _session(host, cuts, _SHELL_PROMPT)
    elif language == "powershell":
        cuts = _session(host, cuts, _WINDOWS_PROMPT)
    return joined(language, label, [(host, cuts)])


def _without_options(host: Host, block: Block) -> list[Cut]:
    """The lines without the options that a directive in a fence begins with."""
    cuts = list(block.cuts)
    texts = [host.text[cut.start : cut.end].strip() for cut in cuts]
    if not block.info.lstrip().startswith("{") or not texts:
        return cuts
    if texts[0] == "---" and "---" in texts[1:]:
        return cuts[texts.index("---", 1) + 1 :]
    count = 0
    while count < len(texts) and re.match(r":[\w-]+:", texts[count]):
        count += 1
    return cuts[count:]


def _language(info: str, texts: Sequence[str]) -> str | None:
    info = info.strip().lower()
    directive = _DIRECTIVE.match(info)
    named = directive or (_CLASS.search(info) if info.startswith("{") else None) or _WORD.match(info)
    word = named[1] if named else ""
    if word in _UNSAID:
        guessed = "dotenv" if re.search(r"\.env\b", info) else _guessed(texts)
        return None if word and guessed == "python" else guessed
    language = _NAMED.get(word) or _NAMED.get(word.rstrip("0123456789."))
    if language == "ini" and not any(text.lstrip().startswith("[") for text in texts):
        return "dotenv"
    return language


def _guessed(texts: Sequence[str]) -> str | None:
    """The language of a block that nothing is said of, where its lines leave no doubt."""
    told = [text for text in texts if text.strip() and not text.lstrip().startswith("#")]
    if not told:
        return None
    definitions = [_DEFINITION.match(text) for text in told]
    if all(definitions):
        return "shell" if any(match and match[1] for match in definitions) else "dotenv"
    if _SHELL_PROMPT.match(told[0]) or _COMMAND.match(told[0]):
        return "shell"
    return "python" if _IMPORT.search("".join(texts)) else None


def _python(host: Host, cuts: list[Cut], label: str) -> Document | Problem | None:
    first = next(cut for cut in cuts if host.text[cut.start : cut.end].strip())
    if _PYTHON_PROMPT.match(host.text, first.start, first.end):
        cuts = _python_session(host, cuts)
    reading = magics.python(_text(host, cuts))
    if reading.error:
        cuts = without_margin(host, cuts)
        reading = magics.python(_text(host, cuts))
    if not reading.error:
        ends = 0
        read = []
        for cut in cuts:
            start, ends = ends, ends + cut.end - cut.start
            read.append(Cut(cut.start, cut.end, cut.prefix, cut.continued, reading.code[start:ends]))
        return joined("python", label, [(host, read)])
    if _USE.search(_text(host, cuts)) is None:
        return None
    return Problem(host.cell, host.position(cuts[min(reading.line, len(cuts)) - 1].start)[0], reading.error)


def _text(host: Host, cuts: Sequence[Cut]) -> str:
    return "".join(host.text[cut.start : cut.end] for cut in cuts)


def _python_session(host: Host, cuts: Sequence[Cut]) -> list[Cut]:
    """What is typed at Python's prompt; what it answers is no part of the program."""
    found: list[Cut] = []
    typed = False
    for cut in cuts:
        match = _PYTHON_PROMPT.match(host.text, cut.start, cut.end)
        typed = match is not None and (typed or match[1] == ">>>")
        if match is not None and typed:
            before = cut.prefix + match[0][: match.start(1) - match.start()]
            prefix = f"{before}{match[1]} "
            found.append(replace(cut, start=match.end(), prefix=prefix, continued=f"{before}... "))
    return found


def _session(host: Host, cuts: list[Cut], prompt: re.Pattern[str]) -> list[Cut]:
    """What is typed at a shell's prompt, where there is one; what it answers is no part of the script."""
    matches = [prompt.match(host.text, cut.start, cut.end) for cut in cuts]
    if not any(matches):
        return cuts
    found: list[Cut] = []
    more, here = False, ""
    for cut, match in zip(cuts, matches, strict=True):
        text = host.text[cut.start : cut.end]
        if here or more:
            again = None if here else _MORE.match(host.text, cut.start, cut.end)
            start = again.end() if again else cut.start
            found.append(replace(cut, start=start, prefix=cut.prefix + (again[0] if again else "")))
        elif match:
            found.append(replace(cut, start=match.end(), prefix=cut.prefix + match[0]))
        else:
            continue
        if here:
            here = "" if text.strip() == here else here
        else:
            opened = _HERE.search(text)
            here = opened[1] if opened else ""
        more = not here and text.rstrip("\r\n").endswith("\\")
    return found
