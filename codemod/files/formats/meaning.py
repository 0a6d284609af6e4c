"""What the keys of well-known configuration files mean for a variable's name that stands under them."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from typing import TYPE_CHECKING

from codemod.files.formats.tree import Mapping, Scalar, Sequence, above

if TYPE_CHECKING:
    from codemod.changes import Span
    from codemod.files.formats.tree import Node, Tree

_SCRIPTS = frozenset(
    """run script before_script after_script command commands cmd cmds args arguments entrypoint inlineScript bash shell
    ansible.builtin.shell ansible.builtin.command pwsh powershell install before_install postCreateCommand
    postStartCommand postAttachCommand onCreateCommand updateContentCommand initializeCommand startCommand buildCommand
    preDeployCommand dockerCommand release_command releaseCommand steps_command runtimeArgs runArgs entry build_command
    start_command deploy pre post default-command commands_pre commands_post init user_data shellCommand""".split()
)
_SCRIPT_TABLES = frozenset({"scripts", "tasks"})
_LISTS = re.compile(r"env|var|secret|pass|args|require|allow|forward|keys?$|names?$", re.IGNORECASE)
_HOLDERS = re.compile(r"env|var|secret|token|key", re.IGNORECASE)
_TALK = re.compile(r"description|desc|help|title|summary|message|notes?|comment|label|placeholder|docs?", re.IGNORECASE)
_CONTENT = re.compile(
    r"body|content|text|prompt|question|answer|instruction|response|output|log|snippet", re.IGNORECASE
)
# What says where a secret is kept.
_STORES = re.compile(r"version|secret|vault|path|arn|from|ref$|store|source|parameter|file", re.IGNORECASE)
_VALUES = re.compile(r"\.Values\.(?:\w+\.)*\Z")
_FLAGS = frozenset({"-e", "--env", "--build-arg", "--secret-env"})
NAME_KEYS = frozenset({"name", "key", "Name", "Key", "variable", "env_var", "envVar", "secretKey"})
VALUE_KEYS = ("value", "Value", "default", "defaultValue", "default_value")
# What may be said of a variable beside its value without saying where the value comes from.
DECLARES = frozenset(
    """name key Name Key variable env_var envVar description required type secret sensitive optional title format
    options expand generator sync scope deprecationMessage default example readonly masked protected display input
    prompt skip_if_set transform is_secret isSecret isRequired raw mandatory label help category order placeholder
    hidden secretKey""".split()
)
_HANDED = frozenset({"env", "with", "secrets"})
_INPUTS = frozenset({"envs", "env", "env_vars", "env-vars", "build-args", "secret-envs"})
# Images that hold a language and no program.
_BASES = re.compile(r"(?:\w[\w.-]*/)*(?:python|node|ubuntu|debian|alpine|miniconda3?|uv)(?::|@|\Z)")
_STEP = frozenset({"run", "uses", "image", "script", "steps", "hosts", "tasks", "jobs"})


def is_script(tree: Tree, node: Node) -> bool:
    """Whether a scalar is, or belongs to, a command."""
    around = node
    for outer in above(node):
        if not isinstance(outer, Sequence):
            break
        around = outer
    key = tree.key_of(around)
    if not key:
        return False
    if isinstance(around.parent, Mapping) and tree.key_of(around.parent) in _SCRIPT_TABLES:
        return True
    if key in ("args", "arguments") and isinstance(around.parent, Mapping):
        return tree.key_of(around.parent) != "build"
    if key == "test":
        return isinstance(around.parent, Mapping) and tree.key_of(around.parent) == "healthcheck"
    return key in _SCRIPTS


def language(tree: Tree, scalar: Scalar) -> str | None:
    """The language of a text that is a program or a settings file of its own; None where it is neither."""
    if tree.key_of(scalar) == "legacy_tox_ini":
        return "ini"
    if not is_script(tree, scalar):
        return None
    key, shell = tree.key_of(scalar), tree.written(tree.get(scalar.parent, "shell"))
    if key in ("pwsh", "powershell") or shell.startswith(("pwsh", "powershell")):
        return "powershell"
    return "batch" if shell.startswith("cmd") else "shell"


def is_talk(tree: Tree, node: Node) -> bool:
    """Whether a scalar is there for people to read."""
    return _TALK.fullmatch(tree.key_of(node)) is not None


def is_content(tree: Tree, node: Node) -> bool:
    """Whether a scalar is by its key what somebody has said, as in a record of a conversation."""
    return _CONTENT.fullmatch(tree.key_of(node)) is not None


def lists_names(tree: Tree, item: Node) -> bool:
    """Whether a list, by its key, may hold names of variables."""
    return item.parent is not None and _LISTS.search(tree.key_of(item.parent)) is not None


def holds_name(tree: Tree, node: Node) -> bool:
    """Whether what stands under a key, by that key, is the name of a variable: ``api_key_env: NAME``."""
    return _HOLDERS.search(tree.key_of(node)) is not None


def flag_before(tree: Tree, item: Scalar) -> Scalar | None:
    """The ``-e`` before an argument that names a variable."""
    before = tree.before(item)
    return before if before is not None and tree.written(before) in _FLAGS else None


def is_step(tree: Tree, mapping: Mapping) -> bool:
    """Whether a mapping's name is that of something which is done."""
    return tree.get(mapping, *_STEP) is not None


def is_secret_file(tree: Tree, node: Node) -> bool:
    """Whether a name is that of a secret of a compose file, which a container finds as a file of that name."""
    collection = node.parent
    if collection is None or tree.key_of(collection) != "secrets":
        return False
    services = tree.get(tree.root_at(node.start), "services")
    return isinstance(services, Mapping) and (isinstance(collection, Sequence) or _is_root(collection.parent))


def _is_root(node: Node | None) -> bool:
    return node is not None and node.parent is None


def is_stored(tree: Tree, scalar: Scalar) -> bool:
    """Whether a mapping says where the value is kept of the variable that it names: ``versionName`` beside ``env``."""
    mapping = scalar.parent
    return isinstance(mapping, Mapping) and any(
        entry.value is not scalar and _STORES.search(tree.written(entry.key)) for entry in mapping.entries
    )


def given_from(tree: Tree, scalar: Scalar) -> str:
    """Where a variable goes or comes from that is named in another's definition; empty where it is in none."""
    mapping = scalar.parent
    around = mapping.parent if mapping is not None else None
    if mapping is None or around is None:
        return ""
    if tree.key_of(around) == "secrets" and _is_root(around.parent):
        return f"a container finds it as the file /run/secrets/{tree.key_of(mapping)}"
    source = tree.key_of(mapping)
    return f"{source} may say where its value comes from" if source.startswith("from") else ""


def reads_values(tree: Tree, span: Span) -> bool:
    """Whether an expression of Helm that is no value, such as an ``if``, names an entry of the chart's values."""
    return _VALUES.search(tree.text, max(span.start - 200, 0), span.start) is not None


def is_encoded(tree: Tree, node: Node) -> bool:
    """Whether a value stands in the ``data`` of a Kubernetes Secret, where it is written in base64."""
    mapping = node.parent
    if mapping is None or tree.key_of(mapping) != "data" or not isinstance(mapping.parent, Mapping):
        return False
    return tree.written(tree.get(mapping.parent, "kind")) == "Secret"


def decoded(text: str) -> str:
    """What a text in base64 stands for; the text itself if it is none."""
    try:
        return base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return text


def somebody_elses(tree: Tree, node: Node) -> tuple[Mapping, str] | None:
    """The step or job around a name that it hands to an action or a workflow from elsewhere, and how (``with``)."""
    key = ""
    for around in above(node):
        used = tree.written(tree.get(around, "uses")) if key in _HANDED else ""
        if used and isinstance(around, Mapping):
            return None if used.startswith("./") else (around, key)
        key = tree.key_of(around)
    return None


def foreign_image(tree: Tree, node: Node) -> str:
    """The image of the compose service around a name, if nothing in the file says that it runs code of one's own."""
    for around in above(node):
        group = around.parent
        if not (isinstance(around, Mapping) and isinstance(group, Mapping) and tree.key_of(group) == "services"):
            continue
        image = tree.written(tree.get(around, "image"))
        own = tree.get(around, "build") is not None or _BASES.match(image) is not None or _mounts(tree, around)
        return "" if own or image in tree.built(group) else image
    return ""


def _mounts(tree: Tree, service: Mapping) -> bool:
    """Whether a service sees files of the repository."""
    volumes = tree.get(service, "volumes")
    return isinstance(volumes, Sequence) and any(tree.written(item).startswith(".") for item in volumes.items)


def hands_names(tree: Tree, node: Node) -> bool:
    """Whether an action's input holds names of variables for a program that it starts."""
    return tree.key_of(node) in _INPUTS


def scope_of(tree: Tree, node: Node) -> str | None:
    """The folder in which the file says that a program is built or run for which the name is given."""
    for around in above(node):
        if not isinstance(around, Mapping):
            continue
        group = around.parent
        if isinstance(group, Mapping) and tree.key_of(group) == "services":
            build = tree.get(around, "build")
            context = tree.get(build, "context") if isinstance(build, Mapping) else build
            return _folder(tree.written(context), "")
        folder = _working_directory(tree, around, node)
        if folder:
            return _folder(folder, "../..")
    return None


def _working_directory(tree: Tree, around: Mapping, node: Node) -> str:
    """The working directory of a workflow's step, or the default of a job or of the whole."""
    if tree.get(tree.root_at(node.start), "jobs") is None:
        return ""
    is_step = around.parent is not None and tree.key_of(around.parent) == "steps"
    settings = around if is_step else tree.get(tree.get(around, "defaults"), "run")
    return tree.written(tree.get(settings, "working-directory"))


def _folder(written: str, base: str) -> str | None:
    if not written or any(mark in written for mark in ("$", "{", "://", "\\", "@")) or written.startswith(("/", "~")):
        return None
    return posixpath.normpath(posixpath.join(base, written))
