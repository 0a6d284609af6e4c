"""YAML files, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, WANTED, checked, renamed, repeated, told, with_new_name, without_new

from codemod.changes import Span
from codemod.files.formats.references import find_references
from codemod.files.formats.yaml_file import read
from codemod.files.site import FormatError, Role

ELSE, ELSES = "fixed: ", " is somebody else's, which reads the name that it documents"
SECRET_FILE = f"fixed: a container finds this secret as the file /run/secrets/{OLD}"
SECRET_OF_COMPOSE = "fixed: a container finds it as the file /run/secrets/OPENAI_API_KEY"

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "a compose list": (
        """
        services:
          bot:
            environment:
              - OPENAI_API_KEY=${OPENAI_API_KEY:-sk-x}  # the key
              - 'OPENAI_API_KEY=sk-a b'
              - OPENAI_API_KEY=
              -   OPENAI_API_KEY
              - OTHER_OPENAI_API_KEY=x
        """,
        [("defines", "${OPENAI_API_KEY:-sk-x}"), ("refers",), ("defines", "sk-a b"), ("defines", ""), ("passes",)],
    ),
    "a compose map": (
        """
        services:
          bot:
            environment:
              OPENAI_API_KEY: "${OPENAI_API_KEY:?set OPENAI_API_KEY}"
              B: x
          web:
            environment:
              OPENAI_API_KEY:
          old: {environment: {OPENAI_API_KEY: , B: x}}
          cli: {environment: {A: b, OPENAI_API_KEY: x}}
        """,
        [
            ("defines", "${OPENAI_API_KEY:?set OPENAI_API_KEY}"),
            ("refers",),
            ("refers",),
            ("passes",),
            ("passes",),
            ("defines", "x"),
        ],
    ),
    "build arguments": (
        """
        services:
          bot:
            build:
              context: .
              args:
                - OPENAI_API_KEY
                - OPENAI_API_KEY=$OPENAI_API_KEY
        """,
        [("passes",), ("defines", "$OPENAI_API_KEY"), ("refers",)],
    ),
    "secrets of compose, which are files": (
        """
        services:
          bot:
            secrets: [OPENAI_API_KEY]
        secrets:
          OPENAI_API_KEY:
            environment: OPENAI_API_KEY
        """,
        [("passes", SECRET_FILE), ("passes", SECRET_FILE), ("refers", SECRET_OF_COMPOSE)],
    ),
    "an anchored map and its merge": (
        """
        x-env: &env
          OPENAI_API_KEY: &key sk-x
          COPY: *key
        services:
          bot:
            environment:
              <<: *env
              OPENAI_API_KEY: *key
        """,
        [("defines", "sk-x"), ("defines", "*key...")],
    ),
    "a workflow": (
        """
        on:
          workflow_call:
            secrets:
              OPENAI_API_KEY:
                description: the key
                required: true
        env:
          OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}
        jobs:
          call:
            if: ${{ secrets.OPENAI_API_KEY }}
            uses: ./x.yml
            secrets:
              OPENAI_API_KEY: ${{ secrets.OPENAI_TOKEN || 'none' }}
          test:
            steps:
              - name: OPENAI_API_KEY
                if: env.OPENAI_API_KEY != '' && secrets['OPENAI_API_KEY']
                run: echo
              - uses: x/y@v1
                with:
                  api-key: ${{ env.OPENAI_API_KEY }}
                  envs: HOME, OPENAI_API_KEY
        """,
        [
            ("passes",),
            ("defines", "${{ secrets.OPENAI_API_KEY }}"),
            ("refers",),
            ("refers",),
            ("defines", "${{ secrets.OPENAI_TOKEN || 'none' }}"),
            ("prose",),
            ("refers",),
            ("refers",),
            ("refers", f"{ELSE}x/y{ELSES}"),
            ("passes",),
        ],
    ),
    "what somebody else's action or workflow is given": (
        """
        jobs:
          call:
            uses: acme/workflows/.github/workflows/label.yml@v2
            secrets:
              OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}
          own:
            uses: ./.github/workflows/test.yml
            secrets:
              OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}
          test:
            steps:
              - uses: acme/review@v3
                if: env.OPENAI_API_KEY != ''
                env:
                  OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}
              - uses: acme/notes@v1
                with: {key: "${{ secrets.OPENAI_API_KEY }}"}
              - uses: docker/build-push-action@v6
                with:
                  build-args: |
                    OPENAI_API_KEY=${{ secrets.OPENAI_API_KEY }}
              - uses: acme/ssh@v1
                with:
                  envs: OPENAI_API_KEY
                  script: python bot.py "$OPENAI_API_KEY"
        """,
        [
            ("defines", "${{ secrets.OPENAI_API_KEY }}", f"{ELSE}acme/workflows/.github/workflows/label.yml{ELSES}"),
            ("refers", f"{ELSE}acme/workflows/.github/workflows/label.yml{ELSES}"),
            ("defines", "${{ secrets.OPENAI_API_KEY }}"),
            ("refers",),
            ("refers",),
            ("defines", "${{ secrets.OPENAI_API_KEY }}", f"{ELSE}acme/review{ELSES}"),
            ("refers", f"{ELSE}acme/review{ELSES}"),
            ("refers", f"{ELSE}acme/notes{ELSES}"),
            ("defines", "${{ secrets.OPENAI_API_KEY }}"),
            ("refers",),
            ("refers",),
            ("refers",),
        ],
    ),
    "values of an expression that is computed": (
        """
        env:
          OPENAI_API_KEY: ${{ inputs.key }}
          B: {OPENAI_API_KEY: "${{ steps.a.outputs.b }}"}
        """,
        [("defines", "${{ inputs.key }}..."), ("defines", "${{ steps.a.outputs.b }}...")],
    ),
    "scripts": (
        """
        jobs:
          test:
            steps:
              - run: |
                  # OPENAI_API_KEY is needed
                  export OPENAI_API_KEY=sk-x
                  if [ -z "$OPENAI_API_KEY" ]; then
                    echo OPENAI_API_KEY=${{ secrets.OPENAI_API_KEY }} >> .env
                  fi
              - run: OPENAI_API_KEY=x pytest
              - run: "OPENAI_API_KEY=\\"x\\" pytest $OPENAI_API_KEY"
              - run: >-
                  docker run
                  -e OPENAI_API_KEY
                  image
        """,
        [
            ("prose",),
            ("defines", "sk-x"),
            ("refers",),
            ("defines", "${{ secrets.OPENAI_API_KEY }}"),
            ("refers",),
            ("defines", "x"),
            ("defines", "x"),
            ("refers",),
            ("passes",),
        ],
    ),
    "lines of definitions in a text": (
        """
        with:
          env_vars: |
            HOME=/
            OPENAI_API_KEY=${{ secrets.OPENAI_API_KEY }}
          list: A=1,OPENAI_API_KEY=x,B=2
        kind: ConfigMap
        data:
          .env: |
            OPENAI_API_KEY="a b" # of the bot
        """,
        [("defines", "${{ secrets.OPENAI_API_KEY }}"), ("refers",), ("defines", "x"), ("defines", "a b")],
    ),
    "scripts of Windows": (
        """
        steps:
          - run: $env:OPENAI_API_KEY = "sk-x"; echo $env:OPENAI_API_KEY
            shell: pwsh
          - run: |
              set OPENAI_API_KEY=sk-y
            shell: cmd
          - powershell: |
              $env:OPENAI_API_KEY = $env:TOKEN
        """,
        [("defines", "sk-x"), ("refers",), ("defines", "sk-y"), ("defines", "$env:TOKEN")],
    ),
    "GitLab's pipelines": (
        """
        variables:
          OPENAI_API_KEY: $OPENAI_API_KEY
        test:
          variables:
            OPENAI_API_KEY:
              value: sk-x
              description: the key
          rules:
            - if: $OPENAI_API_KEY
            - if: '$OPENAI_API_KEY == "x"'
          script:
            - export OPENAI_API_KEY=$TOKEN
            - - pytest $OPENAI_API_KEY
        """,
        [
            ("defines", "$OPENAI_API_KEY"),
            ("refers",),
            ("defines", "sk-x"),
            ("refers",),
            ("refers",),
            ("defines", "$TOKEN"),
            ("refers",),
        ],
    ),
    "a deployment of Kubernetes": (
        """
        kind: Deployment
        spec:
          containers:
          - name: bot
            args: ["--key", "$(OPENAI_API_KEY)"]
            env:
            - name: OPENAI_API_KEY
              value: "sk-x"
            - name: OPENAI_API_KEY
              valueFrom:
                secretKeyRef:
                  name: bot
                  key: OPENAI_API_KEY
            - name: OPENAI_API_KEY
              valueFrom: {secretKeyRef: {name: bot, key: token}}
            - name: OPENAI_API_KEY
              valueFrom: {fieldRef: {fieldPath: x}}
            - {name: LLM_KEY, valueFrom: {secretKeyRef: {name: bot, key: OPENAI_API_KEY}}}
            - {name: OPENAI_API_KEY, value: ""}
        """,
        [
            ("refers",),
            ("defines", "sk-x"),
            ("defines", OLD),
            ("refers",),
            ("defines", "fixed: its value comes from the key token of the secret bot"),
            ("defines", "fixed: its value comes from fieldRef"),
            ("refers",),
            ("defines", ""),
        ],
    ),
    "secrets of Kubernetes": (
        """
        kind: Secret
        data:
          OPENAI_API_KEY: c2stYWJj
          "OPENAI_API_KEY": not base64
          'OPENAI_API_KEY': ""
        stringData:
          OPENAI_API_KEY: |
            sk-abc
        ---
        kind: ConfigMap
        data:
          OPENAI_API_KEY: c2stYWJj
        """,
        [
            ("defines", "sk-abc", "fixed: its value is written in base64"),
            ("defines", "not base64", "fixed: its value is written in base64"),
            ("defines", ""),
            ("defines", "sk-abc"),
            ("defines", "c2stYWJj"),
        ],
    ),
    "a template of a chart": (
        """
        {{- if .Values.secret }}
        kind: Secret
        stringData:
          {{- with .Values.more }}
          OPENAI_API_KEY: {{ .Values.env.OPENAI_API_KEY | quote }}
          {{- end }}
          OPENAI_API_KEY: {{ .Values.secrets.key | quote }}
        {{- end }}
        """,
        [
            ("defines", "{{ .Values.env.OPENAI_API_KEY | quote }}"),
            ("refers",),
            ("defines", "{{ .Values.secrets.key | quote }}..."),
        ],
    ),
    "Render, Azure, CircleCI and Ansible": (
        """
        envVars:
          - key: OPENAI_API_KEY
            sync: false
          - key: OPENAI_API_KEY
            fromGroup: shared
        steps:
          - script: echo $(OPENAI_API_KEY)
            condition: ne(variables['OPENAI_API_KEY'], '')
            env:
              OPENAI_API_KEY: $(OPENAI_API_KEY)
          - run:
              command: pytest
              environment:
                OPENAI_API_KEY: << pipeline.parameters.key >>
        tasks:
          - shell: OPENAI_API_KEY=x pytest
            environment:
              OPENAI_API_KEY: "{{ lookup('env', 'OPENAI_API_KEY') }}"
        """,
        [
            ("passes",),
            ("defines", "fixed: fromGroup may say where its value comes from"),
            ("refers",),
            ("refers",),
            ("defines", "$(OPENAI_API_KEY)"),
            ("refers",),
            ("defines", "<< pipeline.parameters.key >>..."),
            ("defines", "x"),
            ("defines", "{{ lookup('env', 'OPENAI_API_KEY') }}"),
            ("refers",),
        ],
    ),
    "names of variables as values": (
        """
        api_key: os.environ/OPENAI_API_KEY
        api_key_env: OPENAI_API_KEY
        site: !ENV OPENAI_API_KEY
        other: !ENV [OPENAI_API_KEY, none]
        required_env: [HOME, OPENAI_API_KEY]
        title: OPENAI_API_KEY
        topics: [OPENAI_API_KEY]
        description: set $OPENAI_API_KEY
        body: set $OPENAI_API_KEY
        """,
        [("refers",), ("refers",), ("refers",), ("refers",), ("passes",), *[("prose",)] * 4],
    ),
    "tags that compute": (
        """
        Environment:
          OPENAI_API_KEY: !Ref Key
          B: {OPENAI_API_KEY: !Sub "${Key}"}
          C: {OPENAI_API_KEY: !!str x}
          D:
            OPENAI_API_KEY: !vault |
              $ANSIBLE_VAULT;1.1;AES256
              6231
        """,
        [
            ("defines", "Key..."),
            ("defines", "${Key}..."),
            ("defines", "x"),
            ("defines", "$ANSIBLE_VAULT;1.1;AES256\n6231..."),
        ],
    ),
    "comments": (
        """
        env:
          # OPENAI_API_KEY: sk-x
          #OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}  # later
          # - OPENAI_API_KEY=x
          # - "OPENAI_API_KEY"
          # the OPENAI_API_KEY: you need it
          # - name: OPENAI_API_KEY
          #   value: sk-y
          A: b  # OPENAI_API_KEY=x
        """,
        [
            ("defines", "sk-x"),
            ("defines", "${{ secrets.OPENAI_API_KEY }}"),
            ("refers",),
            ("defines", "x"),
            ("passes",),
            ("prose",),
            ("defines", "sk-y"),
            ("prose",),
        ],
    ),
    "several values, or a mapping of another kind": (
        """
        matrix:
          OPENAI_API_KEY: [a, b]
        drone:
          OPENAI_API_KEY:
            from_secret: key
        """,
        [
            ("defines", "fixed: it is given several values"),
            ("defines", "fixed: from_secret may say where its value comes from"),
        ],
    ),
    "names of anchors": ("a: &OPENAI_API_KEY x\nb: *OPENAI_API_KEY\n", [("prose",), ("prose",)]),
}


class _Loader(yaml.SafeLoader):
    """Takes any tag for what is tagged."""


def _plain(loader: _Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _plain)


def _load(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=_Loader))


def _values(text: str) -> list[list[object]]:
    """What the parser meets; unlike loaded data it keeps keys that are there twice."""
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    return [[type(event).__name__, getattr(event, "value", None)] for event in events]


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_name_is_told_for_what_it_does(name: str) -> None:
    text, rows = EXAMPLES[name]
    assert told(read, dedent(text).lstrip("\n")) == rows


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", [name for name in EXAMPLES if "{{-" not in EXAMPLES[name][0]])
def test_renaming_changes_no_data_but_the_names(name: str, ending: str) -> None:
    text = dedent(EXAMPLES[name][0]).lstrip("\n").replace("\n", ending)
    sites = checked(read, text)
    before, after = _values(text), _values(renamed(text, sites))
    if any(site.role is Role.PROSE or site.fixed for site in sites):
        # What stays keeps the old name: compared with the new one everywhere.
        after = with_new_name(after)
    assert after == with_new_name(before)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("name", [name for name in EXAMPLES if "{{-" not in EXAMPLES[name][0]])
def test_repeating_adds_the_second_name_and_nothing_else(name: str, ending: str, final: bool) -> None:
    text = dedent(EXAMPLES[name][0]).lstrip("\n").replace("\n", ending)
    text = text if final else text.rstrip()
    for site in checked(read, text):
        if site.repeat is None:
            continue
        after = repeated(text, site)
        assert after.count(NEW) >= 1
        if not final:
            assert not after.endswith(("\n", "\r"))
        if site.repeat.before != " ":  # else it goes into a command's line: held below
            assert without_new(_load(after)) == without_new(_load(text))


REPEATS = {
    "an entry goes below with its quotes, without the comment": (
        'env:\n  "OPENAI_API_KEY": "x"  # c\n  B: y\n',
        'env:\n  "OPENAI_API_KEY": "x"  # c\n  "ABLIT_KEY": "x"\n  B: y\n',
    ),
    "the first entry of an item": ("- OPENAI_API_KEY: x\n  B: y\n", "- OPENAI_API_KEY: x\n  ABLIT_KEY: x\n  B: y\n"),
    "an item of a list": ("env:\n- OPENAI_API_KEY\n- B", "env:\n- OPENAI_API_KEY\n- ABLIT_KEY\n- B"),
    "the last line has no end": ("env:\n  OPENAI_API_KEY: x", "env:\n  OPENAI_API_KEY: x\n  ABLIT_KEY: x"),
    "line ends of Windows": (
        "env:\r\n  OPENAI_API_KEY: x\r\n  B: y\r\n",
        "env:\r\n  OPENAI_API_KEY: x\r\n  ABLIT_KEY: x\r\n  B: y\r\n",
    ),
    "a flow map": ("env: {OPENAI_API_KEY: x, B: y}\n", "env: {OPENAI_API_KEY: x, ABLIT_KEY: x, B: y}\n"),
    "a flow list over lines": (
        "env: [\n  A,\n  OPENAI_API_KEY\n]\n",
        "env: [\n  A,\n  OPENAI_API_KEY,\n  ABLIT_KEY\n]\n",
    ),
    "a block": (
        "env:\n  OPENAI_API_KEY: |\n    x\n\n  B: y\n",
        "env:\n  OPENAI_API_KEY: |\n    x\n  ABLIT_KEY: |\n    x\n\n  B: y\n",
    ),
    "an item of Kubernetes": (
        "env:\n  - name: OPENAI_API_KEY\n    valueFrom:\n      secretKeyRef:\n        key: OPENAI_API_KEY\n"
        "  - name: B\n",
        "env:\n  - name: OPENAI_API_KEY\n    valueFrom:\n      secretKeyRef:\n        key: OPENAI_API_KEY\n"
        "  - name: ABLIT_KEY\n    valueFrom:\n      secretKeyRef:\n        key: ABLIT_KEY\n  - name: B\n",
    ),
    "an argument with its option": (
        'args: ["-e", "OPENAI_API_KEY", "x"]\n',
        'args: ["-e", "OPENAI_API_KEY", "-e", "ABLIT_KEY", "x"]\n',
    ),
    "a line of a script": (
        "run: |\n  export OPENAI_API_KEY=x\n  pytest\n",
        "run: |\n  export OPENAI_API_KEY=x\n  export ABLIT_KEY=x\n  pytest\n",
    ),
    "an option within a script": (
        "run: >-\n  docker run\n  -e OPENAI_API_KEY x\n",
        "run: >-\n  docker run\n  -e OPENAI_API_KEY -e ABLIT_KEY x\n",
    ),
    "a command of its own": (
        "script:\n  - export OPENAI_API_KEY=x\n  - pytest\n",
        "script:\n  - export OPENAI_API_KEY=x\n  - export ABLIT_KEY=x\n  - pytest\n",
    ),
    "a list of names in a text": ("envs: A, OPENAI_API_KEY\n", "envs: A, OPENAI_API_KEY, ABLIT_KEY\n"),
    "a list of definitions in a text": ("x: A=1,OPENAI_API_KEY=x,B=2\n", "x: A=1,OPENAI_API_KEY=x,ABLIT_KEY=x,B=2\n"),
    "a comment": ("env:\n  # OPENAI_API_KEY: x\n", "env:\n  # OPENAI_API_KEY: x\n  # ABLIT_KEY: x\n"),
}


@pytest.mark.parametrize("name", REPEATS)
def test_a_repeat_has_the_form_of_the_first(name: str) -> None:
    before, after = REPEATS[name]
    assert repeated(before, checked(read, before)[0]) == after


@pytest.mark.parametrize(
    "text",
    [
        "env:\n  OPENAI_API_KEY: &key x\n",
        "env:\n  &key OPENAI_API_KEY: x\n",
        "env:\n  OPENAI_API_KEY: |+\n    x\n\n",
        "env: {OPENAI_API_KEY: , B: x}\n",
        "? OPENAI_API_KEY\n: x\n",
        'run: "export OPENAI_API_KEY=x\\npytest"\n',
    ],
    ids=["anchored value", "anchored key", "kept lines", "nothing in a flow map", "explicit key", "escaped line"],
)
def test_no_repeat_where_a_copy_would_mean_something_else(text: str) -> None:
    assert checked(read, text)[0].repeat is None


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("services:\n  a:\n    build: ./api/\n    environment: [OPENAI_API_KEY]\n", "api"),
        ("services:\n  a:\n    build: {context: ../web}\n    environment:\n      OPENAI_API_KEY: x\n", "../web"),
        ("services:\n  a:\n    build: .\n    command: echo $OPENAI_API_KEY\n", "."),
        ("services:\n  a:\n    build: $ROOT/api\n    environment: [OPENAI_API_KEY]\n", None),
        ("services:\n  a:\n    build: https://host/x.git\n    environment: [OPENAI_API_KEY]\n", None),
        ("services:\n  a:\n    image: x\n    environment: [OPENAI_API_KEY]\n", None),
        ("jobs:\n  a:\n    steps:\n    - working-directory: api\n      env: {OPENAI_API_KEY: x}\n", "../../api"),
        ("jobs:\n  a:\n    defaults: {run: {working-directory: api}}\n    env: {OPENAI_API_KEY: x}\n", "../../api"),
        ("defaults: {run: {working-directory: ./api}}\njobs: {}\nenv: {OPENAI_API_KEY: x}\n", "../../api"),
        ("jobs:\n  a:\n    steps:\n    - working-directory: api\n    env: {OPENAI_API_KEY: x}\n", None),
    ],
)
def test_the_folder_that_the_file_gives_is_the_scope(text: str, scope: str | None) -> None:
    assert checked(read, text)[0].scope == scope


def test_a_value_says_how_it_is_written() -> None:
    text = "kind: Secret\ndata:\n  OPENAI_API_KEY: 'c2stYQ=='\n"
    (site,) = checked(read, text)
    assert site.value is not None
    assert (site.value.text, site.value.empty) == ("sk-a", '""')
    assert text[site.value.span.start : site.value.span.end] == "c2stYQ=="
    assert text[site.value.quoted.start : site.value.quoted.end] == "'c2stYQ=='"


def test_a_reference_to_a_secret_is_told_from_one_to_the_environment() -> None:
    text = "env:\n  OPENAI_API_KEY: ${{ secrets.TOKEN }}\n  B: {OPENAI_API_KEY: '${{ vars.TOKEN }}'}\n"
    values = [site.value for site in checked(read, text)]
    found = [(one.name, one.secret) for value in values if value is not None for one in value.references]
    assert found == [("TOKEN", True), ("TOKEN", False)]


@pytest.mark.parametrize(
    ("value", "names", "computed"),
    [
        ("sk-abc", [], False),
        ("$A", ["A"], False),
        ("$$A", ["A"], False),
        ("${A:-${B}}", ["A", "B"], False),
        ("x${A}y", ["A"], False),
        ("${env:A}", ["A"], False),
        ("${localEnv:A}", ["A"], False),
        ("${oc.env:A,none}", ["A"], False),
        ("$env:A", ["A"], False),
        ("%APP_KEY%", ["APP_KEY"], False),
        ("$(APP_KEY)", ["APP_KEY"], False),
        ("$(date)", [], True),
        ("`date`", [], True),
        ("${self:custom.key}", [], True),
        ("${file(x)}", [], True),
        ("${var.key}", [], True),
        ("${{ secrets.A }}", ["A"], False),
        ("${{ secrets.A || secrets.B }}", ["A", "B"], False),
        ("${{ github.token }}", [], True),
        ("${{ format('{0}', secrets.A) }}", [], True),
        ("{{ env_var('A') }}", ["A"], False),
        ("{{ OPENAI_API_KEY }}", [OLD], False),
        ("{{ other }}", [], True),
        ("process.env.A", ["A"], False),
        ("env:APP_KEY", ["APP_KEY"], False),
        ("arn:aws:ssm:x", [], True),
        ("op://vault/item", [], True),
        ("@openai-key", [], True),
        ("100%", [], False),
        ("a$", [], False),
    ],
)
def test_references_in_a_value(value: str, names: list[str], computed: bool) -> None:
    text = f"k: {value} "
    named = find_references(text, Span(3, 3 + len(value)), WANTED)
    assert [reference.name for reference in named.references] == names
    assert named.computed is computed


@pytest.mark.parametrize(
    "text",
    [
        "a: [OPENAI_API_KEY",
        "a: b: OPENAI_API_KEY",
        "\tOPENAI_API_KEY: {",
        "a: \x00OPENAI_API_KEY",
        "a: \ud800OPENAI_API_KEY",
    ],
)
def test_what_is_no_yaml_is_told(text: str) -> None:
    with pytest.raises(FormatError):
        read(text, WANTED)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_parser_in_python_serves_where_libyaml_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = dedent(EXAMPLES[name][0]).lstrip("\n")
    sites = read(text, WANTED)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read(text, WANTED) == sites


def test_an_error_names_the_line() -> None:
    with pytest.raises(FormatError) as caught:
        read("OPENAI_API_KEY: x\nb: [\n", WANTED)
    assert caught.value.line is not None


def test_a_line_of_any_length_is_no_definition_that_is_commented_out() -> None:
    assert told(read, f"# OPENAI_API_KEY: {'x' * 3000}\na: b\n") == [("prose",)]


def test_a_text_without_the_names_is_not_parsed() -> None:
    assert read("a: [", WANTED) == []


def test_aliases_that_stand_for_ever_more_are_not_followed() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))
    text = f"a0: &a0 [OPENAI_API_KEY]\n{levels}\nenv: {{OPENAI_API_KEY: *a39}}\n"
    assert told(read, text) == [("prose",), ("defines", "*a39...")]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "{", "? "])
def test_deep_nesting_is_read_or_refused(opening: str) -> None:
    for depth in (50, 100_000):
        try:
            checked(read, opening * depth + OLD)
        except FormatError:
            continue


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL", "env:", "\n", "\r\n", "\n  ", "\n    ", "- ", ": ", " #", "# ", "'", '"', "|\n", ">-\n",
    "{", "}", "[", "]", ", ", "&a ", "*a", "!Ref ", "!ENV ", "=", "$", "${", "${{ secrets.", " }}", "{{ ", "}}",
    "\\n", "\\", "name: ", "value: ", "run: ", "export ", "-e ", "x", "é", "\t", "\u2028", "\ufeff", "data:",
    "kind: Secret\n", "---\n", "? ", "<<", "\x85", "args: ", "valueFrom: ", "key: ", "😀", ",", "`", "$(", "EOF\n",
    "{%", "%}",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        sites = checked(read, text)
    except FormatError:
        return
    for site in sites:
        if site.repeat is not None:
            checked(read, repeated(text, site), frozenset({OLD, NEW}))


_KEYS = st.sampled_from([OLD, "env", "environment", "name", "value", "run", "args", "data", "services", "a b"])
_TEXTS = st.sampled_from(
    [
        OLD,
        f"{OLD}=x",
        f"${OLD}",
        "-e",
        "x",
        "",
        f"say {OLD}",
        f"{OLD}=a\nB=c",
        f"export {OLD}='x y'",
        f"A,{OLD}",
        "~",
        "1",
    ]
)
_DATA = st.recursive(
    _TEXTS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=14,
)


@given(_DATA, st.sampled_from([True, False, None]), st.sampled_from([None, '"', "'", "|"]), st.sampled_from([20, 1000]))
def test_data_stays_the_same_but_for_the_names(data: object, flow: bool | None, style: str | None, width: int) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, default_style=style, width=width, sort_keys=False)
    sites = checked(read, text)
    assert len(_load(renamed(text, sites))) == len(_load(text))
    for site in sites:
        if site.repeat is not None and "\n" in site.repeat.before:
            assert without_new(_load(repeated(text, site))) == without_new(_load(text))
