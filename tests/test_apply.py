"""Writing for real: real repositories, real kills, a real limit on file size, folders that really are read-only."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from codemod import undo
from codemod.apply import Applied, Failure, apply
from codemod.changes import FileChange, Migration, Target
from codemod.discover import discover

posix = pytest.mark.skipif(sys.platform == "win32", reason="what is tested does not exist on Windows")
superuser = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only the superuser can do this")
OLD, NEW = b"key = 'old'\n", b"key = 'new'\n"
NOBODY = 65534
MORE = min(int(os.environ.get("ABLIT_TESTS_EXAMPLES", "1")), 20)


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def run_git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout


def put(root: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    run_git(root, "init", "-q")
    run_git(root, "config", "core.autocrlf", "false")
    return root


def commit(root: Path, files: Mapping[str, bytes]) -> None:
    put(root, files)
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "All")


def migration(root: Path, files: Mapping[str, tuple[bytes, bytes]]) -> Migration:
    changes = tuple(FileChange(path, before, after, "utf-8", ()) for path, (before, after) in sorted(files.items()))
    return Migration(root, Target("https://api.example.org/v1", "KEY", "model"), len(files), changes, (), (), ())


def change(root: Path, *paths: str, allow_dirty: bool = False) -> Applied:
    return apply(migration(root, dict.fromkeys(paths, (OLD, NEW))), allow_dirty=allow_dirty)


def contents(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` outside ``.git``, temporary ones included."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_writes_what_is_committed(repository: Path) -> None:
    commit(repository, {"a.py": OLD, "b/c.py": OLD, "d.py": OLD})
    assert change(repository, "a.py", "b/c.py") == Applied(written=("a.py", "b/c.py"))
    assert contents(repository) == {"a.py": NEW, "b/c.py": NEW, "d.py": OLD}
    run_git(repository, "checkout", "--", "a.py", "b/c.py")
    assert contents(repository) == {"a.py": OLD, "b/c.py": OLD, "d.py": OLD}


def test_no_change_is_nothing_to_do(tmp_path: Path) -> None:
    assert apply(migration(tmp_path, {}), allow_dirty=False) == Applied()


def test_bytes_are_written_as_they_are(repository: Path) -> None:
    before, after = b"\xef\xbb\xbf# \xc3\xa9\r\nx = 1\n\x0c\ty", b"\xef\xbb\xbf# \xc3\xa9\r\nx = 2\n\x0c\ty"
    commit(repository, {"a.py": before})
    assert apply(migration(repository, {"a.py": (before, after)}), allow_dirty=False).written == ("a.py",)
    assert (repository / "a.py").read_bytes() == after


def _modify(root: Path) -> None:
    put(root, {"a.py": OLD})


def _stage(root: Path) -> None:
    _modify(root)
    run_git(root, "add", "a.py")


def _stage_and_turn_back(root: Path) -> None:
    run_git(root, "rm", "-q", "--cached", "a.py")
    _modify(root)


def _hide(root: Path) -> None:
    run_git(root, "update-index", "--assume-unchanged", "a.py")
    _modify(root)


def _keep_the_time(root: Path) -> None:
    facts = (root / "a.py").stat()
    _modify(root)
    os.utime(root / "a.py", ns=(facts.st_atime_ns, facts.st_mtime_ns))


@pytest.mark.parametrize("disturb", [_modify, _stage, _stage_and_turn_back, _hide, _keep_the_time])
def test_uncommitted_changes_are_refused_and_the_whole_run_with_them(repository: Path, disturb: object) -> None:
    commit(repository, {"a.py": OLD.replace(b"old", b"abc"), "b.py": OLD})
    assert callable(disturb)
    disturb(repository)
    assert change(repository, "a.py", "b.py") == Applied(refused=("a.py",))
    assert contents(repository) == {"a.py": OLD, "b.py": OLD}


def test_what_no_commit_holds_is_refused(repository: Path, tmp_path: Path) -> None:
    put(repository, {"first.py": OLD})
    assert change(repository, "first.py").refused == ("first.py",)
    commit(repository, {".gitignore": b"ignored.py\n"})
    put(repository, {"new.py": OLD, "ignored.py": OLD})
    assert change(repository, "first.py", "new.py", "ignored.py").refused == ("ignored.py", "new.py")
    put(tmp_path / "plain", {"a.py": OLD})
    assert change(tmp_path / "plain", "a.py").refused == ("a.py",)


def test_without_git_everything_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repository, {"a.py": OLD})
    monkeypatch.setattr("codemod.git._program", lambda: None)
    assert change(repository, "a.py").refused == ("a.py",)


def test_a_merge_that_is_not_settled_is_refused(repository: Path) -> None:
    commit(repository, {"a.py": b"1\n"})
    run_git(repository, "checkout", "-qb", "other")
    commit(repository, {"a.py": b"2\n"})
    run_git(repository, "checkout", "-q", "-")
    commit(repository, {"a.py": OLD})
    with pytest.raises(subprocess.CalledProcessError):
        run_git(repository, "merge", "-q", "other")
    assert "a.py" in run_git(repository, "ls-files", "--unmerged")
    put(repository, {"a.py": OLD})
    assert change(repository, "a.py").refused == ("a.py",)


def test_a_folder_inside_a_repository_and_several_repositories(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run_git(tmp_path / name, "init", "-q")
        commit(tmp_path / name, {"app/a.py": OLD})
    assert change(tmp_path / "one/app", "a.py").written == ("a.py",)
    put(tmp_path, {"one/app/a.py": OLD})
    assert change(tmp_path, "one/app/a.py", "two/app/a.py").written == ("one/app/a.py", "two/app/a.py")


def test_very_many_files_and_names_that_look_like_patterns(repository: Path) -> None:
    names = [f"{'folder' * 8}/{number}{'long' * 20}.py" for number in range(600)]
    names += ["-w.py", "[ab].py", "naïve.py"] + ([] if sys.platform == "win32" else ["*.py", ":(top)a.py", "new\nline"])
    commit(repository, dict.fromkeys(names, OLD) | {"a.py": OLD})
    assert set(change(repository, *names).written) == set(names)


def test_repositories_with_longer_hashes(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--object-format=sha256")
    commit(tmp_path, {"a.py": OLD})
    assert change(tmp_path, "a.py").written == ("a.py",)


@pytest.mark.parametrize(
    ("setting", "attributes", "written"),
    [
        ("true", "", True),
        ("input", "", True),
        ("false", "", False),
        ("false", "*.py text eol=crlf\n", True),
        ("false", "* text=auto\n", True),
        ("true", "*.py -text\n", False),
    ],
)
def test_newlines_that_git_converts_are_no_change(
    repository: Path, setting: str, attributes: str, written: bool
) -> None:
    commit(repository, {"a.py": OLD, ".gitattributes": attributes.encode()})
    run_git(repository, "config", "core.autocrlf", setting)
    windows = {"a.py": (OLD.replace(b"\n", b"\r\n"), NEW.replace(b"\n", b"\r\n"))}
    put(repository, {"a.py": windows["a.py"][0]})
    assert bool(apply(migration(repository, windows), allow_dirty=False).written) is written


def test_originals_that_git_does_not_have_are_kept(repository: Path) -> None:
    commit(repository, {"clean.py": OLD, "dirty.py": b"1\n"})
    put(repository, {"dirty.py": OLD, "sub/new.py": OLD})
    applied = change(repository, "clean.py", "dirty.py", "sub/new.py", allow_dirty=True)
    assert applied.written == ("clean.py", "dirty.py", "sub/new.py")
    assert applied.saved is not None
    if sys.platform != "win32":
        assert stat.S_IMODE(applied.saved.stat().st_mode) == 0o600
        command = undo.command(applied.saved, repository)
        subprocess.run(command, shell=True, check=True)
        assert contents(repository) == {"clean.py": NEW, "dirty.py": OLD, "sub/new.py": OLD}


def test_originals_are_kept_elsewhere_when_the_home_folder_is_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"a.py": OLD, "file": b""})
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    applied = change(tmp_path, "a.py", allow_dirty=True)
    assert applied.saved is not None
    assert applied.saved.is_relative_to(tmp_path)


def test_nothing_is_written_when_the_originals_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {"a.py": OLD})

    def full(_originals: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(undo, "keep", full)
    applied = change(tmp_path, "a.py", allow_dirty=True)
    assert applied.failed == (Failure(".", "the originals could not be kept: No space left on device"),)
    assert contents(tmp_path) == {"a.py": OLD}


def test_a_file_that_changed_since_it_was_read_is_left_alone(repository: Path) -> None:
    commit(repository, {"a.py": b"other = 1\n", "b.py": OLD})
    assert change(repository, "a.py", "b.py", allow_dirty=True).failed == (
        Failure("a.py", "it has changed since it was read"),
    )
    assert contents(repository) == {"a.py": b"other = 1\n", "b.py": OLD}


def test_a_change_that_breaks_the_syntax_is_not_written(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": OLD, "b.py": OLD})
    applied = apply(migration(tmp_path, {"a.py": (OLD, b"key = (\n"), "b.py": (OLD, NEW)}), allow_dirty=True)
    assert [failure.path for failure in applied.failed] == ["a.py"]
    assert contents(tmp_path) == {"a.py": OLD, "b.py": OLD}


def test_only_python_that_parsed_before_has_to_parse(tmp_path: Path) -> None:
    files = {
        "two.py": (b"print 'old'\n", b"print 'new'\n"),
        "deep.py": (b"-" * 100_000 + b"1\n", b"-" * 100_000 + b"2\n"),
        "nul.py": (b"\0old", b"\0new"),
        "env.example": (b"OLD=(\n", b"NEW=(\n"),
        "warns.py": (b"'\\d'; 1 is 1\n", b"'\\w'; 1 is 1\n"),
    }
    put(tmp_path, {path: before for path, (before, _) in files.items()})
    assert apply(migration(tmp_path, files), allow_dirty=True).written == tuple(sorted(files))


@posix
def test_mode_and_times(tmp_path: Path) -> None:
    put(tmp_path, {"private.py": OLD, "tool.py": OLD})
    (tmp_path / "private.py").chmod(0o600)
    (tmp_path / "tool.py").chmod(0o755)
    os.utime(tmp_path / "tool.py", (1, 1))
    change(tmp_path, "private.py", "tool.py", allow_dirty=True)
    assert stat.S_IMODE((tmp_path / "private.py").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tool.py").stat().st_mode) == 0o755
    assert (tmp_path / "tool.py").stat().st_mtime > 1_000_000_000


@superuser
def test_the_owner_stays(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": OLD})
    os.chown(tmp_path / "a.py", NOBODY, NOBODY)
    change(tmp_path, "a.py", allow_dirty=True)
    facts = (tmp_path / "a.py").stat()
    assert (facts.st_uid, facts.st_gid) == (NOBODY, NOBODY)


@posix
def test_the_temporary_file_is_private_until_it_has_the_mode_of_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"a.py": OLD})
    modes = []
    copy = shutil.copystat

    def look(source: Path, target: Path) -> None:
        modes.append(stat.S_IMODE(target.stat().st_mode))
        copy(source, target)

    monkeypatch.setattr(shutil, "copystat", look)
    change(tmp_path, "a.py", allow_dirty=True)
    assert modes == [0o600]


@posix
def test_a_link_stays_and_its_target_is_changed(repository: Path) -> None:
    (repository / "link.py").symlink_to("real/a.py")
    commit(repository, {"real/a.py": OLD})
    assert change(repository, "link.py").written == ("link.py",)
    assert (repository / "link.py").is_symlink()
    assert (repository / "real/a.py").read_bytes() == NEW


@posix
def test_two_names_of_one_file_are_one_change_or_a_contradiction(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": OLD})
    (tmp_path / "link.py").symlink_to("a.py")
    both = {"a.py": (OLD, NEW), "link.py": (OLD, b"other = 1\n")}
    assert [one.path for one in apply(migration(tmp_path, both), allow_dirty=True).failed] == ["link.py"]
    assert (tmp_path / "a.py").read_bytes() == OLD
    assert change(tmp_path, "a.py", "link.py", allow_dirty=True).written == ("a.py",)


@posix
def test_nothing_outside_the_folder_is_written(tmp_path: Path) -> None:
    put(tmp_path, {"outside.py": OLD, "tree/a.py": OLD})
    (tmp_path / "tree/link.py").symlink_to("../outside.py")
    (tmp_path / "tree/folder").symlink_to("..")
    for path in ("link.py", "folder/outside.py", "../outside.py", str(tmp_path / "outside.py")):
        applied = change(tmp_path / "tree", "a.py", path, allow_dirty=True)
        assert applied == Applied(failed=(Failure(path, "it lies outside the folder"),))
    assert contents(tmp_path / "tree")["a.py"] == OLD
    assert (tmp_path / "outside.py").read_bytes() == OLD


@posix
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    assert change(tmp_path, "a.py", allow_dirty=True).failed == (Failure("a.py", "it is no longer a plain file"),)


def test_a_read_only_file_is_not_replaced(repository: Path) -> None:
    commit(repository, {"a.py": OLD, "b.py": OLD})
    (repository / "a.py").chmod(0o444)
    assert change(repository, "a.py", "b.py") == Applied(failed=(Failure("a.py", "it is read-only"),))
    assert contents(repository) == {"a.py": OLD, "b.py": OLD}


def test_a_folder_that_vanished_is_a_failure_of_the_run(repository: Path) -> None:
    commit(repository, {"a/b.py": OLD, "c.py": OLD})
    shutil.rmtree(repository / "a")
    applied = change(repository, "a/b.py", "c.py")
    assert [failure.path for failure in applied.failed] == ["a/b.py"]
    assert applied.written == ()
    assert contents(repository) == {"c.py": OLD}


CHILD = """
import os, resource, sys
from pathlib import Path
sys.path.insert(0, {here!r})
import test_apply, zipfile
{before}
applied = test_apply.change(Path({root!r}), *{paths!r}, allow_dirty={allow_dirty})
print(len(applied.written), *sorted({{one.reason for one in applied.failed}}), sep="|", end="")
"""


def child(root: Path, paths: list[str], before: str = "", *, allow_dirty: bool = False) -> subprocess.Popen[str]:
    """A process of its own that changes ``paths``; it prints how many were written and the reasons against."""
    here = Path(__file__).parent
    code = CHILD.format(here=str(here), root=str(root), paths=paths, before=before, allow_dirty=allow_dirty)
    environment = os.environ | {"PYTHONPATH": str(here.parent)}
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def answer(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    return output


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp()).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _as_nobody(root: Path) -> str:
    """Give ``root`` away and return what turns a child into its owner, when this is the superuser."""
    if os.geteuid() != 0:
        return ""
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"


@posix
def test_a_read_only_folder_leaves_everything_as_it_was(open_folder: Path) -> None:
    files = {"a.py": OLD, "locked/b.py": OLD, "z.py": OLD}
    put(open_folder, files)
    before = _as_nobody(open_folder)
    (open_folder / "locked").chmod(0o555)
    os.environ["XDG_STATE_HOME"] = str(open_folder / "state")
    try:
        process = child(open_folder, list(files), before, allow_dirty=True)
        assert answer(process) == "0|Permission denied"
    finally:
        del os.environ["XDG_STATE_HOME"]
        (open_folder / "locked").chmod(0o755)
    assert contents(open_folder) == files


@superuser
def test_the_file_of_another_user_is_not_replaced(open_folder: Path) -> None:
    files = {"a.py": OLD, "theirs.py": OLD}
    put(open_folder, files)
    before = _as_nobody(open_folder)
    os.chown(open_folder / "theirs.py", 0, 0)
    assert answer(child(open_folder, list(files), before, allow_dirty=True)) == "0|it is read-only"
    assert contents(open_folder) == files


@posix
def test_a_full_disk_leaves_everything_as_it_was(repository: Path) -> None:
    small, large = b"x = 1\n", b"y = 1\n" * 2000
    files = {"a.py": small, "b.py": large, "c.py": small}
    commit(repository, files)
    code = "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)); test_apply.OLD = test_apply.NEW = None\n"
    code += "test_apply.change = lambda root, *paths, allow_dirty: test_apply.apply(test_apply.migration(root, "
    code += "{p: ((root / p).read_bytes(), (root / p).read_bytes() + b'z = 1') for p in paths}), allow_dirty=False)"
    assert answer(child(repository, list(files), code)) == "0|File too large"
    assert contents(repository) == files


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_disk_that_fills_up_or_an_interrupt_while_writing_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    files = dict.fromkeys(("a.py", "b.py", "c.py"), OLD)
    put(tmp_path, files)
    copy = shutil.copystat

    def fill(source: Path, target: Path) -> None:
        if source.name == "b.py":
            raise error
        copy(source, target)

    monkeypatch.setattr(shutil, "copystat", fill)
    if isinstance(error, OSError):
        applied = change(tmp_path, *files, allow_dirty=True)
        assert applied == Applied(failed=(Failure("b.py", "No space left on device"),))
        assert list(Path.home().rglob("*.zip")) == []
    else:
        with pytest.raises(KeyboardInterrupt):
            change(tmp_path, *files, allow_dirty=True)
    assert contents(tmp_path) == files


def _fail_at(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> list[int]:
    """Let the ``number``-th rename raise ``error``; returns the numbers of those that were tried."""
    tried: list[int] = []
    replace = Path.replace

    def fail(source: Path, target: Path) -> Path:
        tried.append(len(tried) + 1)
        if len(tried) == number:
            raise error
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", fail)
    return tried


def test_a_rename_that_fails_takes_the_others_back(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = dict.fromkeys(("a.py", "b.py", "c.py", "d.py"), OLD)
    commit(repository, files)
    (repository / "a.py").chmod(0o700)
    _fail_at(monkeypatch, 3, PermissionError(13, "Permission denied"))
    assert change(repository, *files) == Applied(failed=(Failure("c.py", "Permission denied"),))
    assert contents(repository) == files
    if sys.platform != "win32":
        assert stat.S_IMODE((repository / "a.py").stat().st_mode) == 0o700


def test_what_could_not_be_taken_back_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {"a.py": OLD, "b.py": OLD})
    replace = Path.replace

    def only_first(source: Path, target: Path) -> Path:
        if target.name == "b.py" or target.read_bytes() == NEW:
            raise PermissionError(13, "Permission denied")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", only_first)
    applied = change(tmp_path, "a.py", "b.py", allow_dirty=True)
    assert applied.written == ("a.py",)
    assert applied.failed == (
        Failure("b.py", "Permission denied"),
        Failure("a.py", "the change could not be taken back: Permission denied"),
    )
    assert applied.saved is not None
    assert contents(tmp_path) == {"a.py": NEW, "b.py": OLD}


def test_a_file_that_changes_during_the_run_takes_the_run_back(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, dict.fromkeys(("a.py", "b.py"), OLD))
    replace = Path.replace

    def meddle(source: Path, target: Path) -> Path:
        (repository / "b.py").write_bytes(b"mine = 1\n")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", meddle)
    assert change(repository, "a.py", "b.py").failed == (Failure("b.py", "it has changed since it was read"),)
    assert contents(repository) == {"a.py": OLD, "b.py": b"mine = 1\n"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_interrupt_between_renames_takes_them_back(
    repository: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    files = dict.fromkeys(("a.py", "b.py", "c.py"), OLD)
    commit(repository, files)
    _fail_at(monkeypatch, number, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        change(repository, *files)
    assert contents(repository) == files


WATCH = """
import atexit, signal
events = []
def watch(name, arguments):
    if name in ("open", "os.rename", "os.remove", "os.chmod", "os.chown", "os.utime", "os.scandir"):
        events.append(name)
        if len(events) in {moments!r}:
            os.kill(os.getpid(), {how!r})
sys.addaudithook(watch)
atexit.register(lambda: print(*events, file=sys.stderr))
"""


def watched(root: Path, names: list[str], how: int = 0, *moments: int) -> subprocess.Popen[str]:
    """A process that changes files, tells each operation on a file, and gets a signal at some of them."""
    return child(root, names, WATCH.format(how=int(how), moments=moments))


def _moments(root: Path, names: list[str], chance: random.Random) -> list[int]:
    """Moments of a run: any, and among the renames."""
    process = watched(root, names)
    output, errors = process.communicate()
    assert output == str(len(names)), errors
    events = errors.split()
    renames = [number for number, name in enumerate(events, 1) if name == "os.rename"]
    assert len(renames) == len(names)
    put(root, dict.fromkeys(names, OLD))
    return [*chance.sample(range(1, len(events)), 2 * MORE), *chance.sample(renames, MORE), renames[1], renames[-1]]


@posix
def test_a_run_that_is_killed_leaves_every_file_whole_and_the_next_one_finishes(repository: Path) -> None:
    names = [f"file{number:03}.py" for number in range(200)]
    commit(repository, dict.fromkeys(names, OLD))
    half = 0
    for moment in _moments(repository, names, random.Random(7)):
        process = watched(repository, names, signal.SIGKILL, moment)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        found = {name: (repository / name).read_bytes() for name in names}
        assert set(found.values()) <= {OLD, NEW}
        half += set(found.values()) == {OLD, NEW}
        waiting = [name for name in names if found[name] == OLD]
        assert answer(child(repository, waiting)) == str(len(waiting))
        assert contents(repository) == dict.fromkeys(names, NEW)
        put(repository, dict.fromkeys(names, OLD))
    assert half > 1


@posix
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_that_is_asked_to_end_changes_all_or_nothing(repository: Path, how: str) -> None:
    names = [f"file{number:03}.py" for number in range(25)]
    commit(repository, dict.fromkeys(names, OLD))
    number, stopped = getattr(signal, how), 0
    for moment in _moments(repository, names, random.Random(7)):
        # Once more while it takes back what it has done, as people do who have no patience.
        process = watched(repository, names, number, moment, moment + 10, moment + 30)
        process.communicate()
        assert process.returncode in (-number, 0)
        stopped += process.returncode != 0
        # Behind the last rename it comes too late.
        assert contents(repository) == dict.fromkeys(names, OLD if process.returncode else NEW)
        put(repository, dict.fromkeys(names, OLD))
    assert stopped > 1


@posix
def test_temporary_files_of_a_dead_run_are_removed_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    living, own = (f".ablit-migrate-{number}-{'0' * 16}.tmp" for number in (os.getppid(), os.getpid()))
    others = {living: b"1", ".ablit-migrate-notes.tmp": b"2"}
    put(tmp_path, {"a.py": OLD, own: b"3", f".ablit-migrate-{dead.pid}-{'0' * 16}.tmp": b"4", **others})
    put(tmp_path, {f".ablit-migrate-{'9' * 30}-{'0' * 16}.tmp": b"5"})
    assert discover([tmp_path]).others == (".ablit-migrate-notes.tmp",)
    change(tmp_path, "a.py", allow_dirty=True)
    assert contents(tmp_path) == {"a.py": NEW, **others}


@posix
def test_nothing_of_the_repository_is_executed(repository: Path, tmp_path: Path) -> None:
    commit(repository, {"a.py": OLD, ".gitattributes": b"*.py filter=x\n"})
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/executed'\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "post-checkout", "reference-transaction"):
        (repository / ".git/hooks" / hook).symlink_to(program)
    for setting in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "diff.external"):
        run_git(repository, "config", setting, str(program))
    os.utime(repository / "a.py", (1, 1))
    assert change(repository, "a.py").written == ("a.py",)
    assert not (tmp_path / "executed").exists()
