"""Terraform files: what can be renamed in them, and why the rest cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import OLD, WANTED, checked, repeated, told

from codemod.files.formats.terraform import read
from codemod.files.site import FormatError

COMPUTED = "fixed: Terraform computes its value"
OWN = "fixed: it is a variable of Terraform, which is set elsewhere"

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "the environment of a function": (
        """
resource "aws_lambda_function" "bot" {
  environment {
    variables = {
      OPENAI_API_KEY = var.openai_api_key
      "OPENAI_API_KEY" = "sk-x" # the key
      OPENAI_API_KEY : "${var.key}"
      B = var.OPENAI_API_KEY
    }
  }
  environment_variables = { OPENAI_API_KEY = "" }
}
""",
        [
            ("defines", "var.openai_api_key...", COMPUTED),
            ("defines", "sk-x"),
            ("defines", "${var.key}...", COMPUTED),
            ("refers", OWN),
            ("defines", ""),
        ],
    ),
    "definitions of containers": (
        """
container_definitions = jsonencode([{
  name = "bot"
  environment = concat([
    { name = "OPENAI_API_KEY", value = "sk-x" },
    {
      name  = "OPENAI_API_KEY"
      value = local.key
    },
  ], var.more)
  secrets = [{ name = "OPENAI_API_KEY", valueFrom = aws_ssm_parameter.key.arn }]
}])
""",
        [
            ("defines", "sk-x"),
            ("defines", "local.key...", COMPUTED),
            ("defines", "aws_ssm_parameter.key.arn...", COMPUTED),
        ],
    ),
    "blocks": (
        """
env {
  name  = "OPENAI_API_KEY"
  value = "sk-x"
}
env {
  name = "OPENAI_API_KEY"
  value_source {
    secret_key_ref { secret = "key" }
  }
}
""",
        [("defines", "sk-x"), ("defines", "fixed: value_source may say where its value comes from")],
    ),
    "variables of its own": (
        """
variable "OPENAI_API_KEY" {
  default = ""
}
module "bot" {
  OPENAI_API_KEY = var.OPENAI_API_KEY
}
OPENAI_API_KEY = "sk-x"
""",
        [
            ("passes", "fixed: it is the name of a block of Terraform"),
            ("defines", "var.OPENAI_API_KEY...", "fixed: it is an argument or a variable of Terraform"),
            ("refers", OWN),
            ("defines", "sk-x", "fixed: it is an argument or a variable of Terraform"),
        ],
    ),
    "scripts and comments": (
        """
# OPENAI_API_KEY = "x"
// the OPENAI_API_KEY
/* OPENAI_API_KEY
*/
user_data = <<-EOF
    export OPENAI_API_KEY=${var.key}
    echo $OPENAI_API_KEY
  EOF
names = ["OPENAI_API_KEY"]
keys = { for key in names : key => "OPENAI_API_KEY${lookup("}", "{")}" }
""",
        [
            ("defines", "x"),
            ("prose",),
            ("prose",),
            ("defines", "...", COMPUTED),
            ("refers",),
            ("passes",),
            ("prose",),
        ],
    ),
}

REPEATS = {
    "in an object over lines": (
        'variables = {\n  OPENAI_API_KEY = "x" # c\n  B = 1\n}\n',
        'variables = {\n  OPENAI_API_KEY = "x",\n  ABLIT_KEY = "x" # c\n  B = 1\n}\n',
    ),
    "in an object in a line": ('e = { OPENAI_API_KEY = "x" }\n', 'e = { OPENAI_API_KEY = "x", ABLIT_KEY = "x" }\n'),
    "an object": (
        'e = [\r\n  { name = "OPENAI_API_KEY", value = "x" },\r\n]\r\n',
        'e = [\r\n  { name = "OPENAI_API_KEY", value = "x" },\r\n  { name = "ABLIT_KEY", value = "x" },\r\n]\r\n',
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_each_name_is_told_for_what_it_does(name: str, ending: str) -> None:
    text, rows = EXAMPLES[name]
    assert told(read, text.replace("\n", ending)) == rows


@pytest.mark.parametrize("name", REPEATS)
def test_a_repeat_has_the_form_of_the_first(name: str) -> None:
    before, after = REPEATS[name]
    assert repeated(before, checked(read, before)[0]) == after


@pytest.mark.parametrize(
    "text",
    [
        'a = "OPENAI_API_KEY',
        "a = [OPENAI_API_KEY",
        "a = OPENAI_API_KEY}",
        'a = "${OPENAI_API_KEY"',
        "a = <<E\nOPENAI_API_KEY",
    ],
)
def test_what_is_no_hcl_is_told(text: str) -> None:
    with pytest.raises(FormatError):
        read(text, WANTED)


@pytest.mark.parametrize("opening", ["[", "{", "(", "a {\n", '"${'])
def test_deep_nesting_is_read_or_refused(opening: str) -> None:
    with pytest.raises(FormatError):
        read(f"a = {opening * 100_000}{OLD}", WANTED)


FRAGMENTS = [
    OLD, f'"{OLD}"', f"{OLD} = ", f'{OLD} = "x"\n', "a = ", "b {\n", "{", "}", "[", "]", "(", ")", '"', "${",
    "\n", "\r\n", "#",
    "/*", "*/", "//", "<<EOF\n", "EOF\n", ",", ":", "=>", "var.", "name = ", "value = ", " ", "\\", "for",
    "%{", "$${", "é", '"x"',
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        sites = checked(read, text)
    except FormatError:
        return
    for site in sites:
        if site.repeat is not None:
            checked(read, repeated(text, site))
