"""Which files belong to a test suite, by where they lie."""

from __future__ import annotations

import re

_TEST_FILE = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_test|conftest|noxfile)\.py$")


def is_test_file(path: str) -> bool:
    """Whether a file is collected by a test runner or lies with the tests."""
    return _TEST_FILE.search(path) is not None
