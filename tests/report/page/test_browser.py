"""The page as people meet it, in Chromium: nothing leaves it, everything can be reached."""

from itertools import product

import msgspec
import pytest

from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.report.page.page import write_page

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror="alert(1)">',
    "{{7*7}}",
    "<a href='javascript:alert(1)'>x</a>",
)
PLOTS = 7
SLOW = tuple(0.002 + 0.00001 * n for n in range(9))


@pytest.fixture
def write(make_source, tmp_path):
    """A function that writes the page of such records, and gives its address."""
    return lambda *parts, **named: write_page(
        make_source(*parts, **named), tmp_path / "out.html"
    ).as_uri()


@pytest.fixture
def address(write, make_record, make_series, make_certificate):
    """The page of four networks on two backends with verdicts, and of what failed."""
    records = [
        make_record(
            architecture=name,
            backend=backend,
            protocol="full-1",
            test={"top1_fraction": top1},
            samples={"latency": tuple(x * factor * top1 for x in SLOW)},
        )
        for (name, top1), (backend, factor) in product(
            [("alexnet", 0.7), ("lenet5", 0.8), ("mlp", 0.9), ("<script>alert(1)</script>", 0.95)],
            [("torch", 1), ("keras-jax", 2)],
        )
    ]
    failed = [
        make_record(
            architecture=text,
            backend=text.replace("/", ""),
            protocol="full-1",
            status="failed",
            reason=text,
            training=None,
        )
        for text in HOSTILE
    ]
    failed = [msgspec.structs.replace(record, log_tail=record.reason) for record in failed]
    compiled = make_record(tier="compiled", protocol="full-1")
    sampled = [make_series(samples=range(1_000_000, 1_003_000)), *_sweep(make_series)]
    certificates = [make_certificate(architecture=HOSTILE[0], reason=HOSTILE[1])]
    assert PROTOCOLS["full-1"].gives_verdicts
    return write([*records, *failed, compiled], sampled, certificates)


def _sweep(make_series):
    return [make_series(metric="batch_sweep", batch_size=size) for size in (1, 2, 4)]


def draw_all(page):
    """Scroll to every plot that is not in a hidden part of the page, and wait until it is drawn."""
    for figure in page.locator("figure:visible").all():
        figure.scroll_into_view_if_needed()
        drawn = "figure => figure.querySelector('.plot').data?.length"
        page.wait_for_function(drawn, arg=figure.element_handle())


def open_case(page, table):
    """Follow a table's first link: the case is there a moment after the click."""
    page.locator(f"{table} tbody a").first.click()
    page.locator("#case h2").wait_for()


def fits(page, width):
    """Wait until nothing is wider: a plot takes a moment to take its place's width."""
    page.wait_for_function("w => document.documentElement.scrollWidth === w", arg=width)


def column(page, name, table="#leaderboard-table"):
    """The cells below a heading."""
    names = page.locator(f"{table} thead button").all_inner_texts()
    place = names.index(name) + 1
    return page.locator(f"{table} tbody tr > :nth-child({place})").all_inner_texts()


def test_plots_are_drawn_with_their_data_beside_them(visit, address):
    page = visit(address)
    draw_all(page)

    assert page.locator(".js-plotly-plot").count() == PLOTS
    for figure in page.locator("figure").all():
        figure.locator("summary").click()
        figure.locator("tbody tr").nth(1).wait_for()


def test_accuracies_fill_their_axis(visit, address):
    page = visit(address)
    draw_all(page)
    low, high = page.locator("#accuracy-latency .plot").evaluate("plot => plot.layout.yaxis.range")

    assert 0.6 < low < 0.7
    assert 0.95 < high <= 1.02


def test_plot_shows_the_view_that_is_chosen(visit, address):
    page = visit(address)
    figure = page.locator("#latency-distribution")
    draw_all(page)
    figure.locator("select").first.select_option("mlp")

    assert figure.locator(".plot").evaluate("plot => plot.data.map(t => t.name)") == [
        *("keras-jax", "torch")
    ]


def test_table_is_sorted_by_a_click_and_by_keys(visit, address):
    page = visit(address)
    heading = page.get_by_role("columnheader", name="test top-1, fraction")
    heading.get_by_role("button").click()
    shown = [text.rstrip("*") for text in column(page, "test top-1, fraction")]

    assert heading.get_attribute("aria-sort") == "descending"
    figures = [float(text) for text in shown if text]
    assert figures == sorted(figures, reverse=True)
    assert shown[len(figures) :] == [""] * (len(shown) - len(figures))

    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(page, "test top-1, fraction")[0].startswith("0.7")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") is None


def test_table_is_filtered_by_text_and_by_choice(visit, address):
    page = visit(address)
    board = page.locator("#leaderboard-table")
    board.get_by_role("combobox", name="backend", exact=True).select_option("=keras-jax")

    assert set(column(page, "backend")) == {"keras-jax"}
    assert board.get_by_role("status").inner_text() == "4 of 12 rows"
    board.get_by_label("containing").fill("MLP")
    assert column(page, "architecture") == ["mlp"]
    board.get_by_label("every column").check()
    assert "MACs, M" in board.locator("thead button").all_inner_texts()


def test_verdicts_and_settings_are_there(visit, address):
    page = visit(address)

    assert "torch is 2.00 times as fast" in column(page, "in words", "#verdicts-table")
    page.get_by_label("Setting").select_option("tier compiled")
    assert column(page, "architecture") == ["lenet5"]


def test_case_has_a_page_and_the_way_back_leads_where_one_was(visit, address):
    page = visit(address)
    link = page.locator("#leaderboard-table tbody a", has_text="mlp").first
    link.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="mlp on keras-jax")
    heading.wait_for()

    assert heading.evaluate("h => h === document.activeElement")
    assert not page.locator("#overview").is_visible()
    assert page.title().startswith("mlp on keras-jax · ")
    draw_all(page)
    chosen = page.locator("#raw-samples select option").first.inner_text()
    assert chosen == "latency, batch 1 (2,000 of 3,000 samples)"
    page.go_back()
    page.locator("#overview").wait_for()
    assert link.evaluate("a => a === document.activeElement")


def test_click_on_a_point_leads_to_its_page(visit, address):
    page = visit(address)
    draw_all(page)
    page.locator("#accuracy-latency").scroll_into_view_if_needed()
    box = page.locator("#accuracy-latency .points path").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    page.locator("#case h2").wait_for()
    assert page.locator("#case h2").inner_text().endswith("on keras-jax")


def test_address_of_a_case_opens_it(visit, address):
    page = visit(address)
    open_case(page, "#leaderboard-table")

    again = visit(page.url)
    assert again.locator("#case h2").is_visible()
    again.get_by_role("link", name="Failures").click()
    assert again.locator("#failures").is_visible()


def test_unknown_case_is_said_to_be_one(visit, address):
    page = visit(f"{address}#case=%E0%A4%A")

    assert "There is no case" in page.locator("#case h2").inner_text()


def test_hostile_names_are_texts(visit, address):
    page = visit(address)
    draw_all(page)
    failures = page.locator("#failures-table")

    assert set(column(page, "reason", "#failures-table")) == set(HOSTILE)
    for name in HOSTILE:
        failures.get_by_role("link", name=name, exact=True).click()
        assert page.locator("#case pre").inner_text() == name
        page.go_back()
    assert page.locator("img, a[href^=javascript], a[href^=http]").count() == 0


def test_everything_is_reached_by_keys(visit, address):
    page = visit(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Shift+Tab")

    reached = page.evaluate("document.activeElement.closest('nav') !== null")
    assert reached


def test_colours_follow_the_system_and_the_button(visit, address):
    ground = "getComputedStyle(document.body).backgroundColor"
    page = visit(address, scheme="dark")
    draw_all(page)
    assert page.evaluate(ground) == "rgb(20, 23, 26)"
    page.get_by_role("button", name="Light colours").click()

    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    papers = "[...document.querySelectorAll('.plot')].map(p => p.layout.paper_bgcolor)"
    assert set(page.evaluate(papers)) == {"#ffffff"}


def test_narrow_page_is_not_wider_than_the_screen(visit, address):
    page = visit(address, width=390)
    draw_all(page)
    fits(page, width=390)

    open_case(page, "#leaderboard-table")
    draw_all(page)
    fits(page, width=390)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, address, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(address, scheme=scheme)
    draw_all(page)
    assert serious(Axe().run(page)) == []
    open_case(page, "#failures-table")
    assert serious(Axe().run(page)) == []
    page.go_back()
    open_case(page, "#leaderboard-table")
    draw_all(page)
    assert serious(Axe().run(page)) == []


def serious(results):
    return [
        (found["id"], [node["html"][:200] for node in found["nodes"]])
        for found in results.response["violations"]
        if found["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def two_thousand(write, make_record, make_series):
    """The address of a page of so many cases."""
    records = [
        make_record(architecture=f"net{number % 40}", backend=backend, seed=number)
        for number in range(1000)
        for backend in ("torch", "keras-jax")
    ]
    return write(records, [make_series(samples=range(1_000_000, 1_000_300))])


def test_two_thousand_cases_open(visit, two_thousand):
    board = visit(two_thousand).locator("#leaderboard-table")

    assert board.get_by_role("status").inner_text() == "2000 of 2000 rows"
    assert board.locator("tbody tr").count() == 100
    board.get_by_role("button", name="Show all 2000 rows").click()
    assert board.locator("tbody tr").count() == 2000


def test_opening_two_thousand_cases(benchmark, visit, two_thousand):
    benchmark.pedantic(visit, (two_thousand,), rounds=5)
