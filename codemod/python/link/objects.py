"""What a node may hold, as far as following clients, keys and ids needs it: the abstract values of the link step.

Strings are not among them: where a string comes from and goes to is a search over the finished graph (``trace``).

They are tuples, since the link step puts them into sets and dicts all the time: those hash and compare fastest. The
last item, ``tag``, is another one in each class, so that no two of different classes are equal.
"""

from __future__ import annotations

from typing import NamedTuple


class External(NamedTuple):
    """Something outside the repository by its dotted name; ``()`` marks what calling it gave, ``[]`` an item of it.

    ``site`` is the call that made it (-1 for a name), so that two argument parsers are two things.
    """

    name: str
    site: int = -1
    tag: int = 1


class ModuleRef(NamedTuple):
    """A module of the repository: the index of its file."""

    file: int
    tag: int = 2


class PackageRef(NamedTuple):
    """A folder of the repository that is imported as a package without a file of its own."""

    folder: str
    tag: int = 3


class FunctionRef(NamedTuple):
    """A function of the repository."""

    index: int  # type: ignore[assignment]  # (it takes the place of the method of tuples, which nobody calls)
    tag: int = 4


class ClassRef(NamedTuple):
    """A class of the repository."""

    index: int  # type: ignore[assignment]  # (it takes the place of the method of tuples, which nobody calls)
    tag: int = 5


class Instance(NamedTuple):
    """An object of a class of the repository; all objects of one class are one."""

    index: int  # type: ignore[assignment]  # (it takes the place of the method of tuples, which nobody calls)
    tag: int = 6


class Super(NamedTuple):
    """``super()`` inside a class, or a method of it that only a base outside the repository has.

    ``receiver`` is the node of the method's own object, -1 where it has none.
    """

    index: int  # type: ignore[assignment]  # (it takes the place of the method of tuples, which nobody calls)
    method: str = ""
    receiver: int = -1
    tag: int = 7


class Bound(NamedTuple):
    """A method together with the object it was taken from."""

    function: int
    receiver: Instance | ClassRef
    tag: int = 8


class Member(NamedTuple):
    """A member of an Enum: the node of its value."""

    node: int
    tag: int = 9


class Container(NamedTuple):
    """A list, tuple, set, dict, generator or ``**kwargs``: the node where it is made."""

    node: int
    tag: int = 10


class ContainerMethod(NamedTuple):
    """A method of a container."""

    node: int
    name: str
    tag: int = 11


class Partial(NamedTuple):
    """``functools.partial(...)``: the call that makes it."""

    call: int
    tag: int = 12


class Provider(NamedTuple):
    """What a container for dependency injection makes an object with: the node of that object."""

    node: int
    tag: int = 15


class Queued(NamedTuple):
    """``task.apply_async``: a function of the repository that is called later with what stands in a list and a dict."""

    function: int
    tag: int = 16


class ClientRef(NamedTuple):
    """An OpenAI client: the index of its constructor."""

    index: int  # type: ignore[assignment]  # (it takes the place of the method of tuples, which nobody calls)
    tag: int = 13


class Resource(NamedTuple):
    """An attribute path below a client or below the module, such as ``chat.completions.create``."""

    client: int
    path: tuple[str, ...]
    tag: int = 14


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
    | Provider
    | Queued
    | ClientRef
    | Resource
)
