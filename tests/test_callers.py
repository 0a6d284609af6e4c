"""Which files import what, and which of those not read yet may call a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codemod.python.link.modules import Modules
from codemod.python.load.bystanders import Bystanders
from codemod.python.load.callers import Callee, Callers
from codemod.python.load.import_index import Bound, ImportIndex

if TYPE_CHECKING:
    from collections.abc import Callable

MAKE = Callee("make", "", "app/llm.py")
MODEL = Callee("Model", "Model", "app/llm.py")
ASK = Callee("ask", "Model", "app/llm.py")


def reader(files: dict[str, str]) -> Callable[[str], bytes | None]:
    return lambda path: files[path].encode() if path in files else None


def bound(text: str, *others: str) -> set[Bound]:
    files = {"app/main.py": text, **dict.fromkeys(others, "")}
    return set(ImportIndex(Modules(files), reader(files)).bound("app/main.py"))


def calling(callee: Callee, **texts: str) -> set[str]:
    """Those of some modules of ``app``, a package, that may call a function."""
    files = {"app/__init__.py": "", "app/llm.py": ""} | {f"app/{name}.py": text for name, text in texts.items()}
    return Callers(ImportIndex(Modules(files), reader(files)), reader(files)).files([callee], files)


@pytest.mark.parametrize(
    "text",
    [
        "from .llm import make as new\n",
        "from app.llm import make as new\r\n",
        "def main():\n    from app.llm import make as new; new()\n",
        "from .llm import (  # what makes one\n    # the\n    other,\n    make as new,\n)\n",
        "from .llm \\\n    import other, \\\n    make as new\n",
        "try: from .llm import make as new\nexcept ImportError: pass\n",
        "import os\rfrom .llm import make as new\r",
    ],
)
def test_a_name_of_a_module_is_bound_however_it_is_written(text: str) -> None:
    assert Bound("app/llm.py", "make", "new") in bound(text, "app/__init__.py", "app/llm.py")


def test_a_module_is_bound_by_its_name_or_as_one_of_its_package() -> None:
    others = ("app/__init__.py", "app/llm.py")
    whole = Bound("app/__init__.py", None, "app")
    assert bound("import os, app.llm as model\n", *others) == {Bound("app/llm.py", None, "app.llm"), whole}
    assert bound("from . import llm as model\n", *others) == {
        Bound("app/llm.py", None, "model"),
        Bound("app/__init__.py", "llm", "model"),
    }


def test_what_is_outside_or_only_spoken_of_binds_nothing() -> None:
    assert not bound('"""Nobody imports llm."""\nimportance = 1\nfrom openai import OpenAI\n', "app/llm.py", "app/x.py")


def test_a_function_is_called_by_those_who_import_it() -> None:
    found = calling(
        MAKE,
        by_name="from app.llm import make\n",
        by_module="from app import llm\nllm.make()\n",
        by_star="from .llm import *\nmake()\n",
        other_name="from app.llm import other\nmake = 1\n",
        other_module="from elsewhere import make\nmake()\n",
        module_alone="import app.llm\n",
    )
    assert found == {"app/by_name.py", "app/by_module.py", "app/by_star.py"}


def test_a_function_is_called_through_those_who_hand_it_on() -> None:
    found = calling(
        MAKE,
        __init__="from .llm import make as new_client\nfrom . import llm as models\n",
        renamed="from app import new_client\nnew_client()\n",
        attribute="import app\napp.new_client()\n",
        module="from app import models\nmodels.make()\n",
        old_name="from app import make\n",
    )
    assert found == {"app/__init__.py", "app/renamed.py", "app/attribute.py", "app/module.py"}


def test_modules_that_hand_a_name_to_each_other_are_no_trouble() -> None:
    found = calling(MAKE, a="from .b import *\nfrom .llm import make\n", b="from .a import *\nmake()\n")
    assert found == {"app/a.py", "app/b.py"}


def test_a_class_is_also_called_as_an_attribute_of_another() -> None:
    found = calling(MODEL, inner="from .llm import Outer\nOuter.Model()\n", other="from .llm import Outer\nOuter()\n")
    assert found == {"app/inner.py"}


def test_settings_are_read_through_django() -> None:
    files = {"site/settings.py": "NAME = 1\n", "site/a.py": "from django.conf import settings\nsettings.NAME\n"}
    files["site/b.py"] = "from django.conf import settings\nsettings.OTHER\n"
    search = Callers(ImportIndex(Modules(files), reader(files)), reader(files))
    assert search.files([Callee("NAME", "", "site/settings.py")], files) == {"site/a.py"}


def test_a_library_s_function_is_called_by_those_who_import_the_library() -> None:
    found = calling(
        Callee("load_dotenv", "", "dotenv"),
        a="from dotenv import load_dotenv\n",
        b="import dotenv\n",
        c="from dotenv import find_dotenv\n",
        d="load_dotenv = 1\n",
    )
    assert found == {"app/a.py", "app/b.py"}


def test_a_rare_method_is_looked_for_everywhere_and_a_common_one_beside_its_class() -> None:
    rare = {"caller": "def run(model):\n    model.ask()\n"}
    assert calling(ASK, **rare) == {"app/caller.py"}
    common = {f"other{number}": "thing.ask()\n" for number in range(30)}
    near = {"says": "# a Model\nmodel.ask()\n", "imports": "from .llm import make\nmake().ask()\n"}
    assert calling(ASK, **rare, **common, **near) == {"app/says.py", "app/imports.py"}


def test_a_function_is_looked_for_once() -> None:
    files = {"llm.py": "", "a.py": "from llm import make\n"}
    search = Callers(ImportIndex(Modules(files), reader(files)), reader(files))
    make = Callee("make", "", "llm.py")
    assert search.files([make], files) == {"a.py"}
    assert not search.files([make], files)


# Files that mention what may be another library's


def involved(read: list[str], files: dict[str, str]) -> list[str]:
    """Those of the files that are not read which can meet what is."""
    index = ImportIndex(Modules(files), reader(files))
    return Bystanders(files.keys() - set(read), index).involved(read)


def test_a_file_is_involved_that_imports_what_is_read_even_by_way_of_another() -> None:
    files = {
        "clients.py": "",
        "via.py": "from clients import client\n",
        "far.py": "import via\n",
        "apart.py": "import os\n",
    }
    assert involved(["clients.py"], files) == ["far.py", "via.py"]


def test_a_file_is_involved_that_is_imported_by_what_is_read() -> None:
    files = {"main.py": "import via\n", "via.py": "import tokens\n", "tokens.py": "", "apart.py": "import tokens\n"}
    assert involved(["main.py"], files) == ["tokens.py", "via.py"]


def test_a_test_is_involved_that_has_its_fixtures_from_what_is_read() -> None:
    files = {"tests/conftest.py": "", "tests/api/test_files.py": "", "app/test.py": "", "app/files.py": ""}
    assert involved(["tests/conftest.py"], files) == ["tests/api/test_files.py"]


def test_files_that_import_each_other_and_nothing_read_are_not_involved() -> None:
    files = {"clients.py": "", "a.py": "import b\n", "b.py": "import a\n"}
    assert not involved(["clients.py"], files)


def test_a_file_is_told_of_when_what_it_imports_is_read_and_then_no_more() -> None:
    files = {"clients.py": "", "late.py": "", "a.py": "import late\n"}
    bystanders = Bystanders(["a.py"], ImportIndex(Modules(files), reader(files)))
    assert not bystanders.involved(["clients.py"])
    assert bystanders.involved(["clients.py", "late.py"]) == ["a.py"]
    assert not bystanders.involved(["clients.py", "late.py"])
