"""Which files are taken: git's rules with and without git, what is never ours, and what cannot be trusted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codemod import git, ignore
from codemod.discover import PathError, Tree, discover

posix = pytest.mark.skipif(sys.platform == "win32", reason="what is tested does not exist on Windows")


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture(params=["git", "no git"])
def _either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with git and again as if there were none."""
    if request.param == "no git":
        monkeypatch.setattr(git, "_program", lambda: None)


def run_git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def put(root: Path, *paths: str, content: str = "") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    run_git(root, "init", "-q")
    return root


def commit(root: Path) -> None:
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "All")


def reasons(tree: Tree) -> dict[str, str]:
    return {one.path: one.reason for one in tree.skipped}


def test_takes_python_files_sorted_and_relative_to_the_folder(tmp_path: Path) -> None:
    put(tmp_path, "b.py", "a/z.pyi", "a/w.pyw", "a.txt", "a/Makefile", "c/d/e.py")
    tree = discover([tmp_path])
    selected, others = ("a/w.pyw", "a/z.pyi", "b.py", "c/d/e.py"), ("a.txt", "a/Makefile")
    assert tree == Tree(tmp_path.resolve(), selected, (), others)


def test_a_folder_without_python_is_an_empty_tree(tmp_path: Path) -> None:
    assert discover([tmp_path]).selected == ()


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a/b.py", "-w.py")
    monkeypatch.chdir(tmp_path / "a")
    assert discover([Path()]).selected == ("b.py",)
    assert discover([Path("..")]).selected == ("-w.py", "a/b.py")
    assert discover([Path("b.py")]).root == (tmp_path / "a").resolve()


def test_several_paths_share_their_common_parent(tmp_path: Path) -> None:
    put(tmp_path, "a/x/one.py", "a/y/two.py", "a/y/other.py", "b/three.py")
    tree = discover([tmp_path / "a/y/two.py", tmp_path / "a/x", tmp_path / "a/x/one.py"])
    assert tree.root == (tmp_path / "a").resolve()
    assert tree.selected == ("x/one.py", "y/two.py")


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PathError, match=r"nowhere\.py: there is no such file or folder"):
        discover([tmp_path, tmp_path / "nowhere.py"])


def test_no_path_is_an_error() -> None:
    with pytest.raises(PathError):
        discover([])


@pytest.mark.usefixtures("_either")
def test_honours_every_place_where_git_looks_for_rules(repository: Path) -> None:
    put(repository, "keep.py", "drop.py", "sub/drop.py", "sub/kept_again.py", "sub/deep/local.py", "out/a.py", "own.py")
    put(repository, "everyone.py")
    (repository / ".gitignore").write_bytes(b"\xef\xbb\xbfdrop.py\r\n/out/\r\n*_again.py\r\n# keep.py\r\n")
    (repository / "sub/.gitignore").write_text("!kept_again.py\n/deep/local.py\n")
    (repository / ".git/info/exclude").write_text("own.py\n")
    put(Path.home(), ".config/git/ignore", content="everyone.py\n")
    assert discover([repository]).selected == ("keep.py", "sub/kept_again.py")
    assert discover([repository / "sub"]).selected == ("kept_again.py",)


def test_honours_the_excludes_file_that_the_user_has_set(repository: Path) -> None:
    put(repository, "keep.py", "mine.py")
    put(Path.home(), "rules", content="mine.py\n")
    put(Path.home(), ".gitconfig", content="[core]\n\texcludesFile = ~/rules\n")
    assert discover([repository]).selected == ("keep.py",)


def test_a_tracked_file_is_taken_though_a_rule_names_it(repository: Path) -> None:
    put(repository, ".gitignore", content="build/\n")
    put(repository, "build/tracked.py", "build/other.py")
    run_git(repository, "add", "-f", "build/tracked.py")
    assert discover([repository]).selected == ("build/tracked.py",)


def test_a_folder_that_git_ignores_says_so(repository: Path) -> None:
    put(repository, ".gitignore", content="build/\n")
    put(repository, "build/a.py")
    tree = discover([repository / "build"])
    assert tree.selected == ()
    assert reasons(tree) == {".": "git ignores this folder"}


def test_a_file_that_is_named_is_taken_though_ignored(repository: Path) -> None:
    put(repository, ".gitignore", content="a.py\n")
    put(repository, "a.py")
    assert discover([repository / "a.py"]).selected == ("a.py",)


def test_ignore_files_hold_outside_a_repository_too(tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", content="generated.py\n")
    put(tmp_path, "generated.py", "a/generated.py", "a/b.py")
    assert discover([tmp_path]).selected == ("a/b.py",)


SEGMENTS = ["a", "b", "ab", "*", "a*", "*b", "?", "**", "[ab]", "[!a]", "a?", "[^b]b", "**b", r"\a", "[a-b]*", "a*b*"]
pattern = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from([*SEGMENTS, "*.py", "a.py", "[[:alpha:]].py", "ab.*"]), min_size=1, max_size=3).map(
        "/".join
    ),
    st.sampled_from(["", "", "/", " ", "\r"]),
)
NAMES = ("a", "b", "ab")


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("forest")
    run_git(root, "init", "-q")
    folders = [root, *(root / one for one in NAMES), *(root / one / two for one in NAMES for two in NAMES)]
    for folder in folders:
        put(folder, *(f"{name}.py" for name in NAMES))
    return root


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(upper=st.lists(pattern, max_size=4), lower=st.lists(pattern, max_size=3))
def test_without_git_the_rules_are_gits(forest: Path, upper: list[str], lower: list[str]) -> None:
    (forest / ".gitignore").write_bytes("\n".join(upper).encode())
    (forest / "a/.gitignore").write_bytes("\n".join(lower).encode())
    by_git = discover([forest]).selected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(git, "_program", lambda: None)
        assert discover([forest]).selected == by_git


@pytest.mark.parametrize("text", ["*a" * 40 + "b", "**/a/" * 40 + "b", "[a-z]*" * 40 + "!", "*?" * 40 + "b"])
def test_no_pattern_takes_for_ever(tmp_path: Path, text: str) -> None:
    path = "/".join(["a" * 60] * 20) + "/" + "a" * 200 + ".py"
    assert ignore.verdict([ignore.parse(text)], path, folder=False) is None
    put(tmp_path, "a" * 200 + ".py")
    assert len(discover([tmp_path], [text]).selected) == 1


@pytest.mark.parametrize("text", ["", "/", "a[b", "a\\"])
def test_what_is_no_pattern_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"it |bracket"):
        discover([tmp_path], [text])


def test_excludes_are_relative_to_the_root(repository: Path) -> None:
    put(repository, "vendor/a.py", "vendor/deep/b.py", "sub/vendor/c.py", "tests/d_test.py", "e.py", "f/g.py")
    selected = discover([repository], ["/vendor/**", "*_test.py", "./f"]).selected
    assert selected == ("e.py", "sub/vendor/c.py")


def test_a_named_file_is_taken_unless_excluded(tmp_path: Path) -> None:
    put(tmp_path, "a/b.py", "a/c.py")
    paths = [tmp_path / "a/b.py", tmp_path / "a/c.py", tmp_path / "a"]
    assert discover(paths[:2], ["b.py"]).selected == ("c.py",)
    assert discover([*paths, tmp_path], ["a/"]).selected == ()


@pytest.mark.parametrize("names", [(), ("run", "other", "README.md")])
def test_a_script_without_suffix_is_python_when_it_says_so(tmp_path: Path, names: tuple[str, ...]) -> None:
    put(tmp_path, "run", content="#!/usr/bin/env python3\n")
    put(tmp_path, "other", "README.md")
    tree = discover([tmp_path / name for name in names] or [tmp_path])
    assert tree.selected == ("run",)
    assert tree.others == ("README.md", "other")


def test_names_the_environment_files_that_git_ignores(repository: Path) -> None:
    put(repository, ".env", "app/.env.local", "app/secrets.toml", "app/notes.txt", "app/.env.example")
    put(repository, ".gitignore", content=".env\n*.local\nsecrets.toml\nnotes.txt\n")
    tree = discover([repository])
    assert tree.ignored == (".env", "app/.env.local", "app/secrets.toml")
    assert tree.others == (".gitignore", "app/.env.example")


@pytest.mark.usefixtures("_either")
def test_leaves_out_what_others_wrote(repository: Path) -> None:
    put(repository, "env/pyvenv.cfg", "env/bin/a.py", "node_modules/a.py", "lib/site-packages/a.py", "__pycache__/a.py")
    put(repository, "lib/openai/__init__.py", "lib/openai/_client.py", "lib/openai/resources/chat.py")
    put(repository, "old/openai/__init__.py", "old/openai/api_resources/chat.py")
    put(repository, "libs/httpx/a.py", "libs/httpx-0.27.dist-info/METADATA", "libs/ours/a.py")
    put(repository, "services/openai/__init__.py", "services/openai/chat.py")
    tree = discover([repository])
    assert tree.selected == ("libs/ours/a.py", "services/openai/__init__.py", "services/openai/chat.py")
    copy = "a copy of the openai package"
    assert reasons(tree) == {"lib/openai": copy, "old/openai": copy}


def test_a_folder_that_is_its_own_virtual_environment_is_walked_when_given(tmp_path: Path) -> None:
    put(tmp_path, "pyvenv.cfg", "app.py", "lib/python3.11/site-packages/a.py")
    assert discover([tmp_path]).selected == ("app.py",)


@pytest.mark.usefixtures("_either")
def test_other_repositories_inside_are_left_alone(repository: Path, tmp_path: Path) -> None:
    put(tmp_path, "library/a.py")
    run_git(tmp_path / "library", "init", "-q")
    commit(tmp_path / "library")
    put(repository, "main.py", "nested/b.py")
    run_git(repository / "nested", "init", "-q")
    run_git(repository, "submodule", "add", "-q", str(tmp_path / "library"), "module")
    tree = discover([repository])
    assert tree.selected == ("main.py",)
    assert reasons(tree) == dict.fromkeys(("module", "nested"), "a git repository of its own")
    assert discover([repository / "module"]).selected == ("a.py",)


def test_works_in_a_worktree(repository: Path, tmp_path: Path) -> None:
    put(repository, "a.py", ".gitignore", content="b.py\n")
    commit(repository)
    run_git(repository, "worktree", "add", "-q", str(tmp_path / "tree"))
    put(tmp_path / "tree", "b.py", "c.py")
    assert discover([tmp_path / "tree"]).selected == ("a.py", "c.py")


def test_works_in_a_sparse_checkout(repository: Path) -> None:
    put(repository, "a/one.py", "b/two.py")
    commit(repository)
    run_git(repository, "sparse-checkout", "set", "a")
    assert discover([repository]).selected == ("a/one.py",)


def test_a_deleted_file_is_not_taken(repository: Path) -> None:
    put(repository, "a.py", "b.py")
    commit(repository)
    (repository / "a.py").unlink()
    assert discover([repository]).selected == ("b.py",)


@posix
def test_links_inside_lead_to_their_target_once(tmp_path: Path) -> None:
    put(tmp_path, "a/real.py", "a/script", "node_modules/x")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "link.py").symlink_to("a/real.py")
    (tmp_path / "run.py").symlink_to("a/script")
    (tmp_path / "foreign.py").symlink_to("node_modules/x")
    tree = discover([tmp_path])
    assert tree.selected == ("a/real.py", "a/script")
    assert tree.skipped == ()
    assert discover([tmp_path], ["a/script"]).selected == ("a/real.py",)
    assert discover([tmp_path / "link.py"]).selected == ("a/real.py",)


@posix
def test_links_that_lead_out_are_reported_and_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "outside/secret.py", "tree/a.py")
    tree_folder = tmp_path / "tree"
    (tree_folder / "file.py").symlink_to("../outside/secret.py")
    (tree_folder / "folder").symlink_to("../outside")
    (tree_folder / "notes").symlink_to("../outside/secret.py")
    tree = discover([tree_folder])
    assert tree.selected == ("a.py",)
    assert reasons(tree) == dict.fromkeys(("file.py", "folder"), "a symbolic link that leads out of the folder")
    assert list(reasons(discover([tree_folder / "file.py"]))) == ["file.py"]


@posix
def test_links_that_lead_nowhere_or_in_circles_are_reported(tmp_path: Path) -> None:
    put(tmp_path, "a.py")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "up").symlink_to(".")
    (tmp_path / "gone.py").symlink_to("nothing")
    (tmp_path / "gone.txt").symlink_to("nothing")
    tree = discover([tmp_path])
    assert tree.selected == ("a.py",)
    assert reasons(tree) == {"self": "a loop of symbolic links", "gone.py": "a symbolic link that leads nowhere"}
    assert list(reasons(discover([tmp_path / "gone.py"]))) == ["gone.py"]
    with pytest.raises(PathError):
        discover([tmp_path / "self" / "a.py"])


@posix
def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    os.mkfifo("pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        tree = discover([tmp_path])
    assert tree.selected == ()
    assert reasons(tree) == dict.fromkeys(("pipe.py", "socket.py"), "not a plain file")
    assert list(reasons(discover([tmp_path / "pipe.py"]))) == ["pipe.py"]


@posix
def test_a_pipe_in_the_place_of_the_rules_cannot_stop_the_run(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "SECONDS", 0.5)
    put(repository, "a.py")
    os.mkfifo(repository / ".gitignore")
    assert discover([repository]).selected == ("a.py",)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.usefixtures("_either")
def test_names_of_any_bytes(repository: Path) -> None:
    strange = ["new\nline.py", "-w.py", "tab\t.py", "esc\x1b[31m.py", "naïve.py", "back\\slash.py", " .py"]
    put(repository, *strange)
    Path(os.fsdecode(os.fsencode(repository) + b"/bad\xff.py")).touch()
    folder = Path(os.fsdecode(os.fsencode(repository) + b"/dir\xfe"))
    folder.mkdir()
    put(folder, "a.py")
    tree = discover([repository])
    assert tree.selected == tuple(sorted(strange))
    assert reasons(tree) == dict.fromkeys(("bad\\udcff.py", "dir\\udcfe"), "its name is not valid UTF-8")
    assert list(reasons(discover([Path(os.fsdecode(os.fsencode(repository) + b"/bad\xff.py"))]))) == ["bad\\udcff.py"]


def test_the_context_of_a_folder_is_the_rest_of_its_repository(repository: Path) -> None:
    put(repository, "app/a.py", "app/skip.py", "lib/b.py", "c.py", ".gitignore", content="ignored.py\n")
    put(repository, "lib/ignored.py", "node_modules/d.py")
    tree = discover([repository / "app"], ["skip.py"])
    assert tree.selected == ("a.py",)
    assert tree.context == ("../c.py", "../lib/b.py")
    assert tree.context is tree.context
    assert discover([repository]).context == ()


def test_the_context_of_a_file_holds_its_neighbours(repository: Path, tmp_path: Path) -> None:
    put(repository, "app/a.py", "app/b.py", "c.py")
    assert discover([repository / "app/a.py"]).context == ("../c.py", "b.py")
    put(tmp_path, "loose/a.py", "loose/b.py", "c.py")
    assert discover([tmp_path / "loose/a.py"]).context == ("b.py",)


def test_a_lone_script_in_the_home_folder_has_no_context() -> None:
    put(Path.home(), "script.py", "documents/other.py")
    assert discover([Path.home() / "script.py"]).context == ()


def test_the_context_is_not_looked_for_until_it_is_asked_for(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(repository, "app/a.py", "b.py")
    monkeypatch.setattr(git, "ignored", lambda _folder: pytest.fail("the tree was walked"))
    assert discover([repository / "app/a.py"]).selected == ("a.py",)


@posix
def test_nothing_of_the_repository_is_executed(repository: Path, tmp_path: Path) -> None:
    put(repository, "a.py", "b.py", ".gitattributes", content="*.py filter=x\n")
    commit(repository)
    mark = tmp_path / "executed"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    program.chmod(0o755)
    (repository / ".git/hooks/post-index-change").symlink_to(program)
    for setting in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "core.sshCommand", "core.pager"):
        run_git(repository, "config", setting, str(program))
    (repository / "a.py").write_text("1\n")
    subprocess.run(["git", "-C", str(repository), "status"], check=False, capture_output=True)
    assert mark.exists(), "the trap does not work"
    mark.unlink()
    (repository / "b.py").write_text("1\n")
    assert discover([repository]).selected == ("a.py", "b.py")
    assert git.committed(repository, ["a.py"]) != {}
    git.converts_newlines(repository, "b.py")
    assert not mark.exists()


def test_no_setting_of_the_repository_leads_outside(repository: Path, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/secret.py")
    put(repository, "app/a.py")
    run_git(repository, "config", "core.worktree", str(tmp_path / "elsewhere"))
    tree = discover([repository / "app"])
    assert (tree.selected, tree.context) == (("a.py",), ())


def test_variables_of_a_hook_do_not_mislead(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(repository, "a.py", "b.py", ".gitignore", content="b.py\n")
    put(tmp_path, "other/a.py")
    run_git(tmp_path / "other", "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert discover([repository]).selected == ("a.py",)


@posix
def test_a_program_of_the_repository_is_not_taken_for_git(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(repository, "a.py")
    fake = repository / "git"
    fake.write_text(f"#!/bin/sh\ntouch '{tmp_path}/executed'\n")
    fake.chmod(0o755)
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    git._program.cache_clear()
    assert discover([repository]).selected == ("a.py",)
    git._program.cache_clear()
    assert not (tmp_path / "executed").exists()


def test_a_folder_that_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.py", "locked/b.py")
    look = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked/"):
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "scandir", refuse)
    tree = discover([tmp_path])
    assert tree.selected == ("a.py",)
    assert reasons(tree) == {"locked": "Permission denied"}


def test_a_path_that_cannot_be_looked_at_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(PathError, match=r"locked: Permission denied"):
        discover([tmp_path / "locked"])


@posix
@pytest.mark.parametrize("kind", ["pipe", "link", "giant"])
def test_without_git_only_plain_ignore_files_of_a_sensible_size_are_read(tmp_path: Path, kind: str) -> None:
    put(tmp_path, "tree/a.py")
    put(tmp_path, "rules", content="*.py\n" * (1 if kind == "link" else 300_000))
    rules = tmp_path / "tree/.gitignore"
    if kind == "pipe":
        os.mkfifo(rules)
    elif kind == "link":
        rules.symlink_to("../rules")
    else:
        (tmp_path / "rules").rename(rules)
    assert discover([tmp_path / "tree"]).selected == ("a.py",)


@pytest.mark.usefixtures("_either")
def test_lines_of_an_ignore_file_that_are_no_pattern_match_nothing(repository: Path) -> None:
    put(repository, "a.py", "b.py", "[.py", "# c.py", "d.py ", "d.py")
    (repository / ".gitignore").write_bytes(b"[.py\na.py\\\n/\n!\n\\# c.py\nd.py\\ \nb.py  \n[z-a].py\n")
    assert discover([repository]).selected == ("[.py", "a.py", "d.py")
