"""What a competent codemod on libcst does about it: URL, key and literal models, by qualified names, file by file.

    python -m libcst.tool codemod -x benchmarks.libcst_codemod.UseAblit --no-format FOLDER

It follows no value: a client from another module, a model in a variable and the module as a client stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst
from libcst.codemod import VisitorBasedCodemodCommand
from libcst.metadata import QualifiedNameProvider

_CLIENTS = frozenset({"openai.OpenAI", "openai.AsyncOpenAI"})
_LOOKUPS = frozenset({"os.getenv", "os.environ.get"})
_BASE_URL = cst.parse_expression('"https://api.abliteration.ai/v1"')
_KEY = cst.parse_expression('os.environ["ABLIT_KEY"]')
_MODEL = '"abliterated-model"'
_CALLS = ("chat.completions.create", "chat.completions.parse", "responses.create", "completions.create")


class UseAblit(VisitorBasedCodemodCommand):
    """Gives clients the URL and the key, and calls the model."""

    DESCRIPTION = "Move OpenAI clients to abliteration.ai."
    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """Edit the calls of the SDK; every other call stays."""
        names = {name.name for name in self.get_metadata(QualifiedNameProvider, original_node, set())}
        if names & _CLIENTS:
            kept = [arg for arg in updated_node.args if _name(arg) not in ("base_url", "api_key")]
            return updated_node.with_changes(args=[*kept, _given("base_url", _BASE_URL), _given("api_key", _KEY)])
        if names & _LOOKUPS and updated_node.args and _text(updated_node.args[0].value) == "OPENAI_API_KEY":
            variable = updated_node.args[0].with_changes(value=cst.SimpleString('"ABLIT_KEY"'))
            return updated_node.with_changes(args=[variable, *updated_node.args[1:]])
        if any(name.endswith(_CALLS) for name in names):
            return updated_node.with_changes(args=_with_model(updated_node.args))
        return updated_node

    def leave_Subscript(  # noqa: N802
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.BaseExpression:
        """Edit the look-ups of the key in the environment."""
        names = {name.name for name in self.get_metadata(QualifiedNameProvider, original_node, set())}
        index = updated_node.slice[0].slice
        if "os.environ" in names and isinstance(index, cst.Index) and _text(index.value) == "OPENAI_API_KEY":
            return _KEY
        return updated_node


def _with_model(arguments: Sequence[cst.Arg]) -> list[cst.Arg]:
    return [
        arg.with_changes(value=cst.SimpleString(_MODEL)) if _name(arg) == "model" and _text(arg.value) else arg
        for arg in arguments
    ]


def _given(name: str, value: cst.BaseExpression) -> cst.Arg:
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(value, cst.Name(name), tight)


def _name(argument: cst.Arg) -> str:
    return argument.keyword.value if argument.keyword else ""


def _text(node: cst.BaseExpression) -> str:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else ""
    return value if isinstance(value, str) else ""
