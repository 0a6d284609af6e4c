"""What a node may hold, as far as following clients, keys and ids needs it: the abstract values of the link step.

Strings are not among them: where a string comes from and goes to is a search over the finished graph (``trace``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the repository by its dotted name; ``()`` marks what calling it gave, ``[]`` an item of it.

    ``site`` is the call that made it (-1 for a name), so that two argument parsers are two things.
    """

    name: str
    site: int = -1


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module of the repository: the index of its file."""

    file: int


@dataclass(frozen=True, slots=True)
class PackageRef:
    """A folder of the repository that is imported as a package without a file of its own."""

    folder: str


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function of the repository."""

    index: int


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class of the repository."""

    index: int


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the repository; all objects of one class are one."""

    index: int


@dataclass(frozen=True, slots=True)
class Super:
    """``super()`` inside a class, or a method of it that an SDK class implements."""

    index: int
    method: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """A method together with the object it was taken from."""

    function: int
    receiver: Instance | ClassRef


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an Enum: the node of its value."""

    node: int


@dataclass(frozen=True, slots=True)
class Container:
    """A list, tuple, set, dict, generator or ``**kwargs``: the node where it is made."""

    node: int


@dataclass(frozen=True, slots=True)
class ContainerMethod:
    """A method of a container."""

    node: int
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial(...)``: the call that makes it."""

    call: int


@dataclass(frozen=True, slots=True)
class ClientRef:
    """An OpenAI client: the index of its constructor."""

    index: int


@dataclass(frozen=True, slots=True)
class Resource:
    """An attribute path below a client or below the module, such as ``chat.completions.create``."""

    client: int
    path: tuple[str, ...]


Value = (
    External
    | ModuleRef
    | PackageRef
    | FunctionRef
    | ClassRef
    | Instance
    | Super
    | Bound
    | Member
    | Container
    | ContainerMethod
    | Partial
    | ClientRef
    | Resource
)
