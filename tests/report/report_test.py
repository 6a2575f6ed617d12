#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report page in a real browser: are the charts drawn, is nothing fetched, does hostile text stay text, can one read
it by keyboard, on a telephone, in the dark and on paper? And the two commands, as people call them.
usage: report_test.py AMPACITY REPORT_EXAMPLE [--pictures FOLDER]"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from browser import Browser  # noqa: E402

AMPACITY, EXAMPLE = sys.argv[1:3]
PICTURES = Path(sys.argv[4]) if len(sys.argv) > 4 else None
SECTIONS = ["headline", "capacity", "queue", "largest", "gpu-hours", "money", "waits", "teams", "fragmentation", "workload"]
CHARTS = {"capacity": 10, "queue": 2, "largest": 1, "gpu-hours": 1, "money": 4, "waits": 1, "fragmentation": 2}

# For each chart of a section: how many shapes of it take up room.
DRAWN = """[...document.querySelectorAll('#%s figure > svg')].map((svg) => [...svg.querySelectorAll('path, rect, circle')]
    .filter((s) => !s.classList.contains('hit') && s.getBoundingClientRect().width > 0
                   && s.getBoundingClientRect().height > 0).length)"""

# Figures that are none, in the text or in the drawings.
HOLES = """/NaN|undefined|\\[object|Infinity/.test(document.body.innerText) || [...document.querySelectorAll('svg *')]
    .some((e) => [...e.attributes].some((a) => /NaN|undefined|Infinity/.test(a.value)))"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def run(*command, expect=0) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    check(done.returncode == expect, f"{command} ended with {done.returncode}, not {expect}: {done.stderr}{done.stdout}")
    return done.stdout + done.stderr


def page_of(folder: Path, name: str, *kind) -> Path:
    result, page = folder / f"{name}.json", folder / f"{name}.html"
    run(EXAMPLE, result, *kind)
    said = run(AMPACITY, "report", result, "--html", page)
    check("wrote" in said, said)
    check(page.stat().st_size < 3_000_000, f"{page.stat().st_size} bytes")
    return page


def picture(browser: Browser, name: str):
    if not PICTURES:
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    shot = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
    (PICTURES / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def quiet(browser: Browser, page: Path):
    check(browser.complaints() == [], f"{page.name}: {browser.complaints()}")
    asked = [url for url in browser.requests() if not url.startswith(("file://" + str(page), "data:"))]
    check(asked == [], f"{page.name} asks for {asked}")


def test_charts(browser: Browser, page: Path):
    browser.size(1280, 900)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    browser.open(f"file://{page}")
    check(browser.evaluate("document.documentElement.dataset.drawn") == "yes", browser.complaints())
    sections = browser.evaluate("[...document.querySelectorAll('main section')].map((s) => s.id)")
    check(sections == SECTIONS, sections)
    for section, charts in CHARTS.items():
        shapes = browser.evaluate(DRAWN % section)
        check(len(shapes) == charts and min(shapes) > 0, f"{section}: shapes of its charts: {shapes}")
    check(browser.evaluate("document.querySelectorAll('#teams tbody tr').length") == 6, "teams")
    check(browser.evaluate("document.querySelector('#partial').hidden"), "it is not partial")
    check(browser.evaluate(HOLES) is False, "a hole in the text or a drawing")
    picture(browser, "light")
    quiet(browser, page)


def test_keyboard(browser: Browser):
    for section in ("capacity", "largest", "waits"):
        browser.evaluate(f"document.querySelector('#{section} figure > svg').focus()")
        browser.press("ArrowRight")
        browser.press("ArrowRight")
        said = browser.evaluate("document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText")
        check(len(said) > 20, f"{section}: arrow keys show '{said}'")
        browser.press("Escape")
        check(browser.evaluate("document.getElementById('tip').hidden"), "Escape puts the tooltip away")
    first = "document.querySelector('#teams tbody th').innerText"
    before = browser.evaluate(first)
    browser.evaluate("document.querySelector('#teams thead button').click()")
    check(browser.evaluate(first) == "vision" != before, "a click on a title sorts")
    browser.evaluate("document.querySelector('#capacity details summary').click()")
    browser.evaluate("new Promise((done) => setTimeout(done, 50))")
    check(browser.evaluate("document.querySelectorAll('#capacity details tbody tr').length") == 24, "a chart as a table")


def test_tooltip(browser: Browser):
    place = ("(() => { document.querySelector('#capacity').scrollIntoView({behavior: 'instant'}); const b = "
             "document.querySelector('#capacity .hit').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()")
    said = ""
    for step in range(50):  # a busy machine may lay out late
        x, y = browser.evaluate(place)
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + step % 2, y=y)
        said = browser.evaluate("new Promise((done) => setTimeout(() => done(document.getElementById('tip').innerText), 100))")
        if "MW" in said:
            break
    check("abilene" in said and "MW" in said and "UTC" in said, said)
    if PICTURES:
        shot = browser.call("Page.captureScreenshot", format="png")
        (PICTURES / "tooltip.png").write_bytes(base64.b64decode(shot["data"]))


def test_forms(browser: Browser, page: Path):
    browser.size(390, 800)
    browser.open(f"file://{page}")
    wide = browser.evaluate("document.scrollingElement.scrollWidth")
    check(wide <= 390, f"{wide} px wide on a telephone of 390")
    picture(browser, "narrow")
    browser.size(1280, 900)
    light = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    check(browser.evaluate("getComputedStyle(document.body).backgroundColor") != light, "dark is dark")
    browser.evaluate("new Promise((done) => setTimeout(done, 300))")  # drawn again at the new width
    picture(browser, "dark")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"])
    check(pdf.startswith(b"%PDF") and len(pdf) > 20_000, f"{len(pdf)} bytes of PDF")
    if PICTURES:
        (PICTURES / "print.pdf").write_bytes(pdf)
    quiet(browser, page)


def test_hostile(browser: Browser, page: Path):
    text = page.read_text()
    check("<img" not in text and "</script><img" not in text, "hostile text is in the page as markup")
    browser.open(f"file://{page}")
    check(browser.evaluate("document.documentElement.dataset.drawn") == "yes", browser.complaints())
    check(browser.evaluate("document.images.length") == 0, "an image")
    check(browser.evaluate("document.scripts.length") == 3, "a script")
    shown = browser.evaluate("document.querySelector('h1').textContent")
    check(shown.startswith("</script><img src=x onerror=alert(1)>"), shown)
    check(browser.evaluate("!document.querySelector('#partial').hidden"), "a partial result says so")
    banner = browser.evaluate("getComputedStyle(document.querySelector('#partial')).backgroundColor")
    check(banner == "rgb(179, 38, 30)", banner)
    picture(browser, "hostile")
    quiet(browser, page)


def test_little(browser: Browser, folder: Path):
    """A result of nothing, and of one sample: no holes, no complaints."""
    for name, text in (("nothing", '{"portfolio": "p", "samples": []}'),
                       ("one", '{"portfolio": "p", "from_ms": 1, "until_ms": 1, "samples": [{"at_ms": 1, "sites": [{}]}],'
                               '"sites": [{"name": "s"}], "leases": [{"name": "l"}], "largest": [{"job": 1}]}')):
        (folder / f"{name}.json").write_text(text)
        page = folder / f"{name}.html"
        run(AMPACITY, "report", folder / f"{name}.json", "--html", page)
        browser.open(f"file://{page}")
        check(browser.evaluate("document.documentElement.dataset.drawn") == "yes", f"{name}: {browser.complaints()}")
        check(browser.evaluate(HOLES) is False, f"{name}: a hole in the text or a drawing")
        browser.evaluate("document.querySelector('#waits figure > svg').focus()")
        browser.press("ArrowRight")
        quiet(browser, page)


def test_commands(folder: Path):
    for seed in (1, 2, 3):
        run(EXAMPLE, folder / f"{seed}.json", seed)
    said = run(AMPACITY, "compare", folder / "1.json", folder / "2.json", folder / "3.json")
    check("3 replicas" in said and "one variant" in said, said)
    said = run(AMPACITY, "compare", folder / "1.json", folder / "1.json", expect=3)
    check("same portfolio, workloads, policy, failures and seed 1" in said, said)
    check("cannot read" in run(AMPACITY, "report", folder / "none.json", expect=6), "no such file")
    (folder / "bad.json").write_text('{"portfolio": 3, "samples": []}')
    check("portfolio: expected a string" in run(AMPACITY, "report", folder / "bad.json", expect=3), "a bad member")
    run(AMPACITY, "report", folder / "1.json", "--csv", folder / "tables")
    names = sorted(p.name for p in (folder / "tables").iterdir())
    check(names == ["classes.csv", "leases.csv", "samples.csv", "series.csv", "sites.csv", "teams.csv"], names)
    check((folder / "tables/samples.csv").read_bytes().count(b"\r\n") == 2_001, "rows of samples.csv")


def main():
    with tempfile.TemporaryDirectory(prefix="ampacity-report-") as name:
        folder = Path(name)
        test_commands(folder)
        page, hostile = page_of(folder, "page"), page_of(folder, "hostile", 1, "hostile")
        browser = Browser()
        try:
            test_charts(browser, page)
            test_keyboard(browser)
            test_tooltip(browser)
            test_forms(browser, page)
            test_hostile(browser, hostile)
            test_little(browser, folder)
        finally:
            browser.close()
    print("report page: charts drawn, nothing fetched, no complaints")


main()
