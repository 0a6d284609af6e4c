"""The page in a real Chromium: it filters, jumps, copies, and runs nothing of the repository.

Chromium has to be on the PATH (Debian's package ``chromium``). Where there is none, set ABLIT_TESTS_NO_BROWSER=1 to
leave these tests out; without it they fail and say so.
"""

from __future__ import annotations

import os
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from report_samples import LLM, LLM_EDITS, SECRET, change, finding, migration, sample

from codemod import sanity
from codemod.changes import Migration, Status
from codemod.report import html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Opened = Callable[..., Page]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCRIPT = "<script>window.ran = true</script>"
IMAGE = "<img src=x onerror='window.ran = true'>"
BREAKOUTS = (SCRIPT, IMAGE, f"</code></div></details>{SCRIPT}", f"'\"><svg onload=window.ran=1>{SCRIPT}", "{{ 7 * 7 }}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("ABLIT_TESTS_NO_BROWSER"):
            pytest.skip("ABLIT_TESTS_NO_BROWSER is set and there is no Chromium")
        pytest.fail(
            "no Chromium on the PATH: install it (Debian: apt-get install chromium), or set ABLIT_TESTS_NO_BROWSER=1"
        )
    # Chromium's sandbox does not start for root.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *["--no-sandbox"] * root])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Opens the page of a migration in a context of its own; it must ask for nothing and log no error."""
    contexts, problems = [], []

    def open_page(value: Migration, *, fragment: str = "", **options: object) -> Page:
        path = tmp_path / "report.html"
        path.write_text(html.render(value), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith("file:") or problems.append(request.url))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message) or dialog.dismiss())
        page.goto(path.as_uri() + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def visible(page: Page, selector: str) -> list[str]:
    return [item.inner_text().strip() for item in page.query_selector_all(selector) if item.is_visible()]


def shown_files(page: Page) -> list[str]:
    return visible(page, ".file .path")


def marked(page: Page) -> str:
    """The text of the line that the last link led to, which has to be in view."""
    page.wait_for_selector(".jumped")
    page.wait_for_function("document.querySelector('.jumped code').innerText")  # laid out once it comes into view
    box = page.locator(".jumped").bounding_box()
    assert box
    assert 0 <= box["y"] < 900
    return page.locator(".jumped code").inner_text()


def test_it_shows_the_counts_and_every_finding(opened: Opened) -> None:
    value = sample()
    page = opened(value)
    assert page.locator('[data-count="for review"] dd').inner_text() == "3"
    assert page.locator(".note").count() == len(value.findings)
    assert visible(page, ".card .place") == [
        "scripts/old.py:3",
        "notebooks/try.ipynb, cell 5, line 2",
        "app/agent.py:41",
    ]


def test_files_with_nothing_but_kept_places_are_folded(opened: Opened) -> None:
    page = opened(sample())
    folded = page.locator(".file:not([open]) .path").all_inner_texts()
    assert folded == ["app/groq.py", "app/search.py"]


def test_filter_by_outcome(opened: Opened) -> None:
    page = opened(sample())
    page.uncheck("[value=review]")
    page.uncheck("[value=keep]")
    assert shown_files(page) == ["app/llm.py", "scripts/old.py"]
    assert not page.locator("#review").is_visible()
    assert "exposed-key" not in visible(page, ".note .rule")
    assert page.locator("#shown").inner_text() == "2 of 6 files shown"
    page.check("[value=review]")
    page.check("[value=keep]")
    assert len(shown_files(page)) == 6
    assert page.locator("#shown").inner_text() == ""


def test_filter_by_rule(opened: Opened) -> None:
    page = opened(sample())
    page.select_option("#rule", "ABL018")
    assert shown_files(page) == ["scripts/old.py"]
    assert visible(page, ".card .place") == ["scripts/old.py:3"]


def test_filter_by_file(opened: Opened) -> None:
    page = opened(sample())
    page.fill("#path", "APP/L")
    assert shown_files(page) == ["app/llm.py"]
    page.fill("#path", "nothing like it")
    assert shown_files(page) == []
    assert page.locator("#empty").is_visible()


def test_a_review_jumps_to_its_line(opened: Opened) -> None:
    page = opened(sample())
    page.click("text=scripts/old.py:3")
    assert marked(page) == 'client = OpenAI(api_key="sk-...3Df5")'
    page.click("text=app/agent.py:41")
    assert marked(page) == "row.model"


def test_a_jump_ends_at_its_line_however_long_the_page_is(opened: Opened) -> None:
    paths = [f"app/{number:02}.py" for number in range(40)]
    found = tuple(finding("ABL014", Status.REVIEW, path, 5, path) for path in paths)
    page = opened(migration(*(change(path, LLM, *LLM_EDITS) for path in paths), findings=found))
    for path in (paths[0], paths[20], paths[39]):
        page.locator(".card .place", has_text=path).click()
        page.wait_for_timeout(300)
        assert marked(page) == 'MODEL = "gpt-4o-mini"'
        assert page.locator(".file:has(.jumped) .path").inner_text() == path


def test_findings_of_a_line_outside_the_diff_share_what_they_quote(opened: Opened) -> None:
    found = (
        finding("ABL014", Status.REVIEW, "a.py", 3, "one", before="OpenAI(base_url=url)"),
        finding("ABL011", Status.KEEP, "a.py", 3, "two", before="url"),
        finding("ABL040", Status.REVIEW, "b.py", 1, "cannot be parsed"),
    )
    page = opened(migration(findings=found))
    assert visible(page, ".piece .range") == ["line 3", "line 1"]
    assert page.locator(".line code").all_inner_texts() == ["OpenAI(base_url=url)"]
    page.click("text=b.py:1")
    assert page.locator(".piece.jumped .message").inner_text() == "cannot be parsed"


def test_a_change_in_a_cell_is_shown_as_one(opened: Opened) -> None:
    swap = {"cell": 2, "before": 'ask("gpt-4o")', "after": 'ask("abliterated-model")'}
    page = opened(migration(findings=(finding("ABL004", Status.CHANGE, "a.ipynb", 7, "model id", **swap),)))
    assert visible(page, ".piece .range") == ["cell 3, line 7"]
    assert visible(page, ".line.old code, .line.new code") == [swap["before"], swap["after"]]
    assert page.locator(".changed").all_inner_texts() == ["gpt-4o", "abliterated-model"]
    assert page.locator(".line .s").count() > 0


def test_a_jump_unfolds_and_undoes_the_filter(opened: Opened) -> None:
    page = opened(sample())
    page.fill("#path", "agent")
    folded = "document.querySelector('.file:not([open]) .line').id"
    page.evaluate(f"location.hash = '#' + {folded}")
    assert marked(page) == "OpenAI(base_url=GROQ)"
    assert len(shown_files(page)) == 6


def test_a_link_to_a_line_works_from_outside(opened: Opened) -> None:
    anchor = opened(sample()).locator(".card .place").first.get_attribute("href")
    assert marked(opened(sample(), fragment=anchor)) == 'client = OpenAI(api_key="sk-...3Df5")'


def test_old_and_new_beside_each_other(opened: Opened) -> None:
    page = opened(sample())
    old = page.locator(".line.old", has_text="gpt-4o-mini")
    new = page.locator(".line.new", has_text="abliterated-model").first
    assert old.bounding_box()["x"] == new.bounding_box()["x"]
    assert old.bounding_box()["y"] < new.bounding_box()["y"]
    page.click("#layout")
    assert old.bounding_box()["y"] == new.bounding_box()["y"]
    assert old.bounding_box()["x"] < new.bounding_box()["x"]
    page.click("#layout")
    assert old.bounding_box()["x"] == new.bounding_box()["x"]


def test_what_changed_within_a_line_is_marked(opened: Opened) -> None:
    page = opened(sample())
    assert page.locator(".line.old", has_text="MODEL").locator(".changed").inner_text() == "gpt-4o-mini"
    assert page.locator(".line.new", has_text="MODEL").locator(".changed").inner_text() == "abliterated-model"


def test_code_is_coloured_in_its_own_language(opened: Opened) -> None:
    page = opened(sample())
    changed = page.locator(".file", has_text="app/llm.py")
    assert changed.locator(".line.same .k", has_text="def").count() == 1
    assert {"k", "s"} <= set(
        page.evaluate("[...document.querySelectorAll('.line span[class]')].map((e) => e.className)")
    )


def test_a_name_that_differs_in_part_is_marked_whole(opened: Opened) -> None:
    key = change("a.py", "k = env['OPENAI_KEY_1']\n", ("OPENAI_KEY_1", "ABLIT_KEY", "ABL002"))
    whole = change("b.py", "old\n", ("old", "new text", "ABL002"))
    page = opened(migration(key, whole))
    assert page.locator(".changed").all_inner_texts() == ["OPENAI_KEY_1", "ABLIT_KEY"]


@pytest.mark.parametrize("clipboard", [True, False], ids=["clipboard", "without the clipboard's interface"])
def test_the_snippet_is_copied(opened: Opened, clipboard: bool) -> None:
    value = sample()
    page = opened(value)
    if not clipboard:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')) }")
    page.click(".copy >> nth=0")
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == sanity.python_snippet(value.target)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(opened: Opened, scheme: str) -> None:
    page = opened(sample(), color_scheme=scheme)
    is_dark = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 60)"
    assert page.evaluate(is_dark) is (scheme == "dark")
    page.keyboard.press("t")
    assert page.evaluate(is_dark) is (scheme != "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(opened: Opened, scheme: str) -> None:
    """The contrast that WCAG asks of text, 4.5 to 1, between each colour and what lies behind it."""
    page = opened(sample(), color_scheme=scheme)
    for details in page.query_selector_all("details:not([open]) summary"):
        details.click()
    low = page.evaluate(
        """() => {
          const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (item) => {
            for (let at = item; at; at = at.parentElement) {
              const colour = rgb(getComputedStyle(at).backgroundColor);
              if (colour.length < 4 || colour[3] === 1) return colour;
            }
          };
          const low = new Set();
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const item = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || !item.checkVisibility()) continue;
            if (item.closest("script, .unseen, .skip, select")) continue;
            const [one, two] = [light(rgb(getComputedStyle(item).color)), light(behind(item))];
            const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
            if (contrast < 4.5) low.add(`${item.className || item.tagName} ${walker.currentNode.data} ${contrast}`);
          }
          return [...low];
        }"""
    )
    assert low == []


def test_the_keyboard_is_enough(opened: Opened) -> None:
    page = opened(sample())
    focused = "document.activeElement.innerText"
    page.keyboard.press("j")
    assert "the model comes from a database row" in page.evaluate(focused)
    page.keyboard.press("j")
    assert "model id" in page.evaluate(focused)
    page.keyboard.press("k")
    assert "the model comes from a database row" in page.evaluate(focused)
    page.keyboard.press("n")
    assert "app/groq.py" in page.evaluate(focused)
    page.keyboard.press("Enter")
    assert page.locator(".file", has_text="app/groq.py").get_attribute("open") is not None
    page.keyboard.press("p")
    assert "app/agent.py" in page.evaluate(focused)
    page.keyboard.press("r")
    assert "a key stands in the source" in page.evaluate(focused)
    page.keyboard.press("u")
    assert page.locator("#layout").get_attribute("aria-pressed") == "true"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("junk")
    assert page.input_value("#path") == "junk"
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    assert page.locator("#layout").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_screen(opened: Opened, width: int) -> None:
    wide = change(f"{'deep/' * 30}llm.py", f"x = '{'wide' * 200}'\n{LLM}", *LLM_EDITS)
    value = migration(wide, findings=(finding("ABL014", Status.REVIEW, wide.path, 2, "word" * 100),))
    page = opened(value, viewport={"width": width, "height": 800})
    for beside in (False, True):
        page.evaluate(f"document.body.classList.toggle('beside', {str(beside).lower()})")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_everything_can_be_read(opened: Opened) -> None:
    page = opened(sample(), java_script_enabled=False)
    assert len(shown_files(page)) == 6
    assert page.locator(".line.new", has_text="abliterated-model").first.is_visible()


def hostile() -> Migration:
    """A repository whose names, source, messages and reasons all try to get out of their place."""
    changes, findings = [], []
    for number, text in enumerate(BREAKOUTS):
        path = f"{number}{text}/{text}.py"
        changes.append(change(path, f"# {text}\nm = 'gpt-4o'  # {text}\n", ("gpt-4o", text, "ABL004")))
        findings += [finding("ABL004", status, path, 2, text, before=text, after=text, help=text) for status in Status]
        findings.append(finding("ABL014", Status.REVIEW, f"elsewhere {text}", 9, f"`{text}`", before=text))
    return migration(*changes, findings=tuple(findings), checklist=BREAKOUTS)


def test_a_hostile_repository_runs_nothing(opened: Opened) -> None:
    page = opened(hostile())
    assert page.evaluate("window.ran") is None
    assert page.locator("script").count() == 1
    assert page.locator("img, svg, iframe, object, [onerror], [onload], [style]").count() == 0
    assert page.locator(".file").count() == 2 * len(BREAKOUTS)
    for text in BREAKOUTS:
        assert page.locator(".file .path", has_text=text).count() >= 1
        assert page.locator("#checklist span", has_text=text).count() >= 1
    assert "49" not in page.locator("main").inner_text()


def test_even_what_got_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    text = html.render(sample())
    path.write_text(
        text.replace("<main>", f"<main>{SCRIPT}{IMAGE}<style>body {{ display: none }}</style>"), encoding="utf-8"
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("window.ran") is None
    assert page.locator("body").is_visible()
    page.close()


class Attributes(HTMLParser):
    """Every attribute of every element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value) for name, value in attrs]


def test_the_page_refers_to_nothing_but_itself() -> None:
    for _, name, value in Attributes(html.render(hostile())).found:
        assert name not in {"src", "action", "data", "srcset", "style"}
        assert name != "href" or value.startswith("#")
    assert "@import" not in html.render(sample())
    assert "url(" not in html.render(sample())


def test_no_secret_is_shown_and_two_runs_are_the_same() -> None:
    text = html.render(sample())
    assert SECRET not in text
    assert SECRET[-8:] not in text
    assert text == html.render(sample())


def test_nothing_found_is_said_in_a_sentence(opened: Opened) -> None:
    page = opened(migration())
    assert page.locator("#files .lead").first.inner_text() == "Nothing to change and nothing to look at."
    assert page.locator("#review").count() == 0
