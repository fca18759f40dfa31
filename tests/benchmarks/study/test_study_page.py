"""The page in a real browser: a rater goes through it, and the file that is saved fills a table."""

from __future__ import annotations

import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from tiny_study import TABLE

from benchmarks.study.plan import kind_of, questions_for
from benchmarks.study.preferences import fill, preferences
from benchmarks.study.ratings import judged, read_ratings

# Without a sandbox, as root needs it, and without calls to its maker's servers.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
READY = "#pair[aria-busy=false]"
KEYS = {"left": ("ArrowLeft", "1"), "right": ("ArrowRight", "2")}


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=program, args=QUIET)
        except playwright.Error as error:
            pytest.skip(f"no browser can be started: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def context(chromium):
    """A browser profile of its own; any error or foreign request on a page fails the test."""
    context = chromium.new_context(viewport={"width": 900, "height": 600}, accept_downloads=True)
    context.set_default_timeout(10_000)
    problems = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("console", lambda said: said.type == "error" and problems.append(said.text))
    context.on(
        "request",
        lambda asked: (
            urlsplit(asked.url).hostname in (None, "", "127.0.0.1") or problems.append(asked.url)
        ),
    )
    yield context
    context.close()
    assert problems == []


@pytest.fixture(params=["file", "http"])
def address(request, kit):
    """Where the page is; ask for it before `context`, whose page then ends before the server."""
    if request.param == "file":
        yield (kit / "raters" / "index.html").as_uri()
        return

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def send_head(self):
            if urlsplit(self.path).path == "/favicon.ico":  # the browser's own wish
                self.send_response(204)
                self.end_headers()
                return None
            return super().send_head()

    handler = partial(Quiet, directory=kit / "raters")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


@pytest.fixture
def local(kit):
    return (kit / "raters" / "index.html").as_uri()


def ready(page):
    page.wait_for_selector(READY)


def shown(page):
    return tuple(
        page.get_attribute(f"#choose-{side} img", "src").removeprefix("images/")[:-4]
        for side in ("left", "right")
    )


def better(key, pair):
    """The side that a careful rater takes who likes what comes first in the alphabet."""
    left, right = (key.pictures[p].method for p in pair)
    return "left" if left < right else "right"


def count(page):
    return page.inner_text("#count")


def begin(page, address, rater):
    page.goto(f"{address}?rater={rater}")
    page.click("#begin")
    ready(page)


def save(page, folder):
    with page.expect_download() as download:
        page.click("#save")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.slow
def test_a_rater_answers_reloads_goes_on_and_fills_the_table(address, context, key, tmp_path):
    plan = questions_for(key.deck, "7")
    page = context.new_page()
    page.goto(address)
    page.fill("#rater", " 007 ")
    page.press("#rater", "Enter")
    for i, question in enumerate(plan):
        ready(page)
        assert count(page) == f"Question {i + 1} of {len(plan)}"
        assert page.evaluate("document.getElementById('progress').value") == i
        assert shown(page) == (question.left, question.right)
        if i == 4:
            page.reload()
            assert parse_qs(urlsplit(page.url).query) == {"rater": ["7"]}
            assert page.inner_text("#begin") == "Continue: 4 answered"
            page.keyboard.press("Enter")  # the button has the focus
            ready(page)
            assert shown(page) == (question.left, question.right)
        side = better(key, shown(page))
        if i % 3 == 0:
            page.click(f"#choose-{side} img")
        elif i % 3 == 1:
            page.keyboard.press(KEYS[side][i // 3 % 2])
        else:
            page.focus(f"#choose-{side}")
            page.keyboard.press("Space")
    page.wait_for_selector("#end:not([hidden])")
    assert "Rater 7: 10 questions answered" in page.inner_text("#summary")
    path = save(page, tmp_path)
    assert path.name == f"answers-{key.deck.kit}-7.json"
    found = json.loads(path.read_text())
    assert [a["question"] for a in found["answers"]] == [q.id for q in plan]

    answers = read_ratings([path], key)
    (rater,) = judged(answers, key)
    assert (rater.failed, rater.consistent, rater.counted) == (0, 2, True)
    assert all(0 <= a.milliseconds < 60_000 for a in answers)
    assert all(a.chosen < a.other for a in answers)
    grid = fill(TABLE.printed(), preferences(answers, key))
    # "odd" before "sharp" before "smooth": the later in the table always wins
    assert [[c.values for c in row.cells] for row in grid.rows] == [
        [(), (0.0,), (0.0,)],
        [(1.0,), (), (0.0,)],
        [(1.0,), (1.0,), ()],
    ]

    page.reload()  # a finished rater can save again, and answers nothing more
    page.click("#begin")
    page.wait_for_selector("#end:not([hidden])")
    assert json.loads(save(page, tmp_path).read_text()) == found


def test_the_page_plans_as_python_does(context, local, key):
    page = context.new_page()
    page.goto(local)
    raters = [*map(str, range(1, 301)), "999999999", "1234567890", "anna", "A-1_x", "0x"]
    plans = page.evaluate("raters => raters.map(questionsFor)", raters)
    for rater, plan in zip(raters, plans, strict=True):
        assert plan == [vars(q) for q in questions_for(key.deck, rater)], rater
    kinds = [kind_of(key.deck, q["id"]) for q in plans[0]]
    assert sorted(kinds) == ["check"] * 2 + ["pair"] * 6 + ["repeat"] * 2


def test_a_double_press_answers_one_question(context, local):
    page = context.new_page()
    begin(page, local, "1")
    page.dblclick("#choose-left")
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    ready(page)
    assert count(page) == "Question 2 of 10"
    page.keyboard.down("1")
    page.keyboard.down("1")  # held: the browser repeats it
    ready(page)
    page.keyboard.down("1")
    page.wait_for_timeout(50)
    assert count(page) == "Question 3 of 10"
    page.keyboard.up("1")


def test_nothing_but_a_choice_goes_on(context, local):
    page = context.new_page()
    begin(page, local, "1")
    for key in ("Enter", "Space", "ArrowUp", "3", "Escape", "Control+1", "Alt+ArrowRight"):
        page.keyboard.press(key)
    page.mouse.click(5, 500)
    assert count(page) == "Question 1 of 10"
    assert page.evaluate("state.answers.length") == 0


def test_raters_on_one_computer_do_not_meet(context, local):
    page = context.new_page()
    begin(page, local, "1")
    page.keyboard.press("1")
    ready(page)
    page.goto(f"{local}?rater=2")
    assert page.inner_text("#begin") == "Begin"
    page.goto(f"{local}?rater=1")
    assert page.inner_text("#begin") == "Continue: 1 answered"
    page.goto(local)
    assert page.input_value("#rater") == ""


def test_two_windows_do_not_write_over_each_other(context, local):
    first, second = context.new_page(), context.new_page()
    begin(first, local, "1")
    begin(second, local, "1")
    first.wait_for_selector("#notice:not([hidden])")
    assert "another window" in first.inner_text("#notice")
    assert not first.is_visible("#task")
    second.keyboard.press("1")
    ready(second)
    assert count(second) == "Question 2 of 10"


def test_answers_of_another_kind_are_not_taken_up(context, local, key):
    page = context.new_page()
    page.goto(local)
    for junk in ("{", "null", '{"answers": [{"question": "q77"}], "started": "x"}'):
        page.evaluate("junk => localStorage.setItem(shelf('1'), junk)", junk)
        page.goto(f"{local}?rater=1")
        assert page.inner_text("#begin") == "Begin"


@pytest.mark.parametrize("rater", ["a b", "0", "é", "x" * 41, "<b>"])
def test_an_impossible_rater_is_told_so(context, local, rater):
    page = context.new_page()
    page.goto(local)
    page.evaluate("rater => { at('rater').value = rater; }", rater)
    page.click("#begin")
    assert "A rater number is" in page.inner_text("#refused")
    assert page.is_hidden("#task")


def test_a_small_window_is_told_so_and_keeps_the_pair_together(context, local):
    page = context.new_page()
    page.set_viewport_size({"width": 60, "height": 600})
    begin(page, local, "1")
    assert "too small" in page.inner_text("#small")
    left, right = (page.locator(f"#choose-{side} img").bounding_box() for side in ("left", "right"))
    assert left["y"] == right["y"]
    assert right["x"] >= left["x"] + 32
    page.set_viewport_size({"width": 900, "height": 600})
    page.wait_for_selector("#small", state="hidden")


@pytest.mark.parametrize(("ratio", "width"), [(1, 32), (1.5, 32 / 1.5), (2, 32), (2.5, 25.6)])
def test_a_pixel_fills_whole_screen_pixels(chromium, local, ratio, width):
    context = chromium.new_context(
        viewport={"width": 900, "height": 600}, device_scale_factor=ratio
    )
    page = context.new_page()
    begin(page, local, "1")
    box = page.locator("#choose-left img").bounding_box()
    assert (box["width"], box["height"]) == pytest.approx((width, width), abs=0.02)
    context.close()


def test_a_missing_picture_is_told_and_costs_no_answer(chromium, kit, local, key):
    context = chromium.new_context()
    page = context.new_page()
    begin(page, local, "1")
    picture = kit / "raters" / "images" / f"{questions_for(key.deck, '1')[1].left}.png"
    content = picture.read_bytes()
    picture.write_bytes(b"")
    page.reload()
    page.click("#begin")
    if picture.stem not in {p for q in questions_for(key.deck, "1")[:1] for p in (q.left, q.right)}:
        ready(page)
        page.keyboard.press("1")
    page.wait_for_selector("#notice:not([hidden])")
    assert "could not be loaded" in page.inner_text("#notice")
    page.keyboard.press("1")
    picture.write_bytes(content)
    before = page.evaluate("state.answers.length")
    page.reload()
    page.click("#begin")
    ready(page)
    assert page.evaluate("state.answers.length") == before
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_on_the_same_grey_in_any_scheme(context, local, scheme):
    """WCAG contrast of at least 4.5 between ink and paper, for every colour of words.

    What is around a picture changes how it looks, so that it must not depend on the system.
    """
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto(local)

    def luminance(name):
        value = page.evaluate(
            f"getComputedStyle(document.documentElement).getPropertyValue('{name}')"
        )
        digits = value.strip().removeprefix("#")
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    paper = luminance("--paper")
    assert paper == pytest.approx(0.5089, abs=1e-4)
    for name in ("--ink", "--faint", "--mark", "--warn"):
        high, low = sorted((luminance(name), paper), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, name


def test_buttons_and_progress_have_names(context, local):
    page = context.new_page()
    begin(page, local, "1")
    for role, name in (
        ("button", "Choose the left image"),
        ("button", "Choose the right image"),
        ("progressbar", "Questions answered"),
        ("heading", "Which image has the better quality?"),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
