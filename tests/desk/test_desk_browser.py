"""The review page in a real browser: one Chromium for all, a tiny film."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from served import SIZE, Served, make_project, served

from vidcolor.cli.parser import main

BROWSER = shutil.which("chromium")
pytestmark = pytest.mark.skipif(not BROWSER, reason="no chromium here: the page is not looked at by a real browser")
BITS, BLOCK = 10, 16
SEEKS = 200
PATIENCE = 180_000
"""Milliseconds; a busy machine is no fault of what is tested"""
REFUSED = "status of 409"
"""What Chromium writes into its console of an answer that refuses; the page says why"""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright here")
    with sync_api.sync_playwright() as playing:
        found = playing.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def window(browser):
    """A new page; whatever its console says is wrong, or is refused by the policy, fails the test."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and REFUSED not in said.text else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A film of two shots, the first rendered."""
    return make_project(tmp_path_factory.mktemp("desk"), "r1-000000")


def opened(window, page: Served, frame: int = 0):
    window.goto(page.address)
    window.wait_for_selector('#picture[data-frame="0"]')
    if frame:
        seek(window, frame)
    return window


def seek(window, frame: int) -> None:
    window.evaluate(f"vidcolor.goTo({frame})")
    window.wait_for_selector(f'#picture[data-frame="{frame}"][data-exact="true"]')


def numbered_film(path: Path, count: int, rate: Fraction) -> None:
    """H.264 with B-frames, every frame's number in it as white and black blocks, lowest bit first."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"bf": "3", "g": "48", "crf": "16"})
        stream.width, stream.height, stream.pix_fmt = BITS * BLOCK, 2 * BLOCK, "yuv420p"
        for number in range(count):
            bits = (number >> np.arange(BITS)) & 1
            luma = np.repeat(np.repeat((16 + 219 * bits).astype(np.uint8)[None], BLOCK, 1), 2 * BLOCK, 0)
            gray = np.full((BLOCK, BITS * BLOCK), 128, np.uint8)
            frame = av.VideoFrame.from_ndarray(np.concatenate([luma, gray]), format="yuv420p")
            frame.pts, frame.time_base = number, 1 / rate
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


BURNT = """(bits) => {
  const canvas = document.getElementById("picture"), at = vidcolor.place(), y = Math.round(at.top + at.height / 2);
  let number = 0;
  for (let bit = 0; bit < bits; bit += 1) {
    const x = Math.round(at.left + ((bit + 0.5) * at.width) / bits);
    if (canvas.getContext("2d").getImageData(x, y, 1, 1).data[0] > 127) number |= 1 << bit;
  }
  return number;
}"""
READ_NUMBERS = f"""async ({{frames, bits}}) => {{
  const burnt = {BURNT};
  const {{viewer, goTo, film}} = vidcolor, found = [];
  for (const frame of frames) {{
    goTo(frame);
    while (viewer.shown !== frame) await new Promise((done) => setTimeout(done, 2));
    found.push([burnt(bits), film.frame, Number(document.getElementById("frame").value)]);
  }}
  return found;
}}"""
PLAY_NUMBERS = f"""async ({{from, count, bits}}) => {{
  const burnt = {BURNT};
  const {{viewer, goTo, press}} = vidcolor, found = [];
  goTo(from);
  while (viewer.shown !== from) await new Promise((done) => setTimeout(done, 2));
  const look = () => found.push([burnt(bits), viewer.shown]);
  viewer.listeners.push(look);
  press("l");
  while (vidcolor.film.frame < from + count) await new Promise((done) => setTimeout(done, 5));
  press("k");
  viewer.listeners.pop();
  return found;
}}"""


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001)], ids=["23.976", "29.97"])
def test_the_number_burnt_into_the_picture_is_the_pages(window, tmp_path, rate):
    count = 300
    numbered_film(tmp_path / "film.mp4", count, rate)
    (tmp_path / "cuts.csv").write_text("start,stop\n0,300\n")
    assert main(["new", str(tmp_path / "p"), "--reel", str(tmp_path / "film.mp4"), "--preset", "draft"]) == 0
    assert main(["plan", str(tmp_path / "p")]) == 0
    asked = np.random.default_rng(5).integers(0, count, SEEKS).tolist()
    with served(tmp_path / "p") as page:
        opened(window, page)
        window.keyboard.press("g")
        found = window.evaluate(READ_NUMBERS, {"frames": asked, "bits": BITS})
        played = window.evaluate(PLAY_NUMBERS, {"from": 20, "count": 24, "bits": BITS})
        window.goto("about:blank")
    assert [(burnt, told, typed) for burnt, told, typed in found] == [(frame, frame, frame) for frame in asked]
    assert len(played) > 3
    assert [burnt for burnt, _ in played] == [told for _, told in played]


def color_at(window, x: float, y: float) -> list[int]:
    """What the canvas shows at a point of the picture, in fractions of it."""
    return window.evaluate(
        """([x, y]) => {
          const at = vidcolor.place();
          const paper = document.getElementById("picture").getContext("2d");
          return [...paper.getImageData(at.left + x * at.width, at.top + y * at.height, 1, 1).data.slice(0, 3)];
        }""",
        [x, y],
    )


@pytest.fixture(scope="module")
def page(made: Path):
    with served(made / "p") as found:
        yield found


def test_the_views_show_what_they_say(page, window):
    opened(window, page, 9)
    spot = (0.6, 0.52)
    colored = color_at(window, *spot)
    assert max(colored) - min(colored) > 12
    window.keyboard.press("g")
    window.wait_for_selector('#picture[data-exact="true"]')
    gray = color_at(window, *spot)
    assert max(gray) - min(gray) <= 1
    window.keyboard.press("w")
    window.wait_for_selector('[data-view="wipe"][aria-pressed="true"]')
    window.wait_for_timeout(100)
    left, right = color_at(window, 0.3, 0.52), color_at(window, *spot)
    assert max(left) - min(left) <= 1
    assert max(right) - min(right) > 12
    window.keyboard.press("s")
    window.wait_for_selector('[data-view="side"][aria-pressed="true"]')
    window.keyboard.press("d")
    window.wait_for_selector('[data-view="doubt"][aria-pressed="true"]')


def test_keys_go_through_the_film(page, window):
    opened(window, page)
    here = lambda: window.evaluate("vidcolor.film.frame")  # noqa: E731
    for key, frame in (
        (".", 1),
        ("ArrowRight", 2),
        (",", 1),
        ("Shift+ArrowRight", 11),
        ("ArrowDown", 12),
        ("End", 23),
        ("ArrowUp", 12),
        ("Home", 0),
    ):
        window.keyboard.press(key)
        assert here() == frame, key
    window.keyboard.press("?")
    assert window.locator("#keys").is_visible()
    assert "play backwards" in window.locator("#keys").inner_text()
    window.keyboard.press("Escape")
    window.keyboard.press("l")
    window.wait_for_selector('#picture[data-frame="23"]')
    assert window.evaluate("vidcolor.player.left + vidcolor.player.shownFrames") >= 23
    window.locator("#frame").fill("7")
    window.locator("#frame").press("Enter")
    window.wait_for_selector('#picture[data-frame="7"]')
    window.locator('[data-shot="r1-000012"]').click()
    assert here() == 16, "a shot's keyframe"


def test_zoom_and_pan_go_in_step(page, window):
    opened(window, page, 9)
    window.keyboard.press("s")
    window.keyboard.press("z")
    window.keyboard.press("+")
    one, other = window.evaluate("[vidcolor.place(0), vidcolor.place(1)]")
    assert other["left"] - one["left"] == pytest.approx(one["pane"][2])
    assert (one["width"], one["top"]) == (other["width"], other["top"])


def test_nothing_of_the_page_is_smaller_than_13_pixels_or_has_a_hue(page, window):
    opened(window, page, 9)
    window.keyboard.press("?")
    small, hues = window.evaluate(
        """() => {
          const small = [], hues = [];
          for (const element of document.querySelectorAll("body *:not(.swatches i)")) {
            const style = getComputedStyle(element);
            if (element.textContent.trim() && parseFloat(style.fontSize) < 13) small.push(element.tagName);
            for (const name of ["color", "backgroundColor", "borderTopColor"]) {
              const [r, g, b] = style[name].match(/[\\d.]+/g).map(Number);
              if (r !== g || g !== b) hues.push(`${element.tagName} ${name} ${style[name]}`);
            }
          }
          return [small, hues];
        }"""
    )
    assert (small, hues) == ([], [])


def test_every_text_stands_out_from_its_ground(page, window):
    """WCAG 2.2 AA: 4.5 to 1, of gray on gray."""
    opened(window, page, 9)
    faint = window.evaluate(
        """() => {
          const light = (color) => {
            const [r, , , a = 1] = color.match(/[\\d.]+/g).map(Number);
            const share = r / 255;
            return [share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4, a];
          };
          const faint = [];
          for (const element of document.querySelectorAll("body *:not(:disabled)")) {
            const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
            if (!own || !element.checkVisibility()) continue;
            let ground = element;
            while (ground && light(getComputedStyle(ground).backgroundColor)[1] === 0) ground = ground.parentElement;
            const [ink] = light(getComputedStyle(element).color);
            const [paper] = light(getComputedStyle(ground || document.body).backgroundColor);
            const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
            if (ratio < 4.5) faint.push([element.tagName, element.textContent.trim().slice(0, 30), ratio]);
          }
          return faint;
        }"""
    )
    assert faint == []


@pytest.mark.parametrize("size", [(1366, 768), (3840, 2160)], ids=["1366x768", "4K"])
def test_the_page_fits_the_screen(page, window, size):
    window.set_viewport_size({"width": size[0], "height": size[1]})
    opened(window, page)
    wide, tall, box = window.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight, "
        "document.getElementById('picture').getBoundingClientRect().toJSON()]"
    )
    assert (wide, tall) == size
    assert box["width"] > size[0] * 0.55
    assert box["height"] > size[1] * 0.5


@pytest.fixture
def work(made: Path, tmp_path: Path):
    """A copy of the film's project, to be corrected."""
    shutil.copytree(made, tmp_path / "work")
    with served(tmp_path / "work" / "p") as found:
        yield found


def at(window, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture is on the screen."""
    box = window.locator("#picture").bounding_box()
    place = window.evaluate("vidcolor.place()")
    return box["x"] + place["left"] + x * place["width"], box["y"] + place["top"] + y * place["height"]


def waits_for(window, kind: str) -> str:
    """The line of the correction that was just made."""
    line = window.locator("#lines code", has_text=kind).first
    line.wait_for()
    return line.inner_text()


def test_a_click_gives_the_thing_there_a_colour_seen_at_once_and_rendered_behind(work, window):
    opened(window, work, 9)
    before = color_at(window, 0.5, 0.25)
    window.keyboard.press("2")
    window.locator("#hex").fill("2040c0")
    window.locator("#hex").press("Enter")
    window.locator("#picture").focus()
    window.mouse.move(*at(window, 0.5, 0.25))
    window.mouse.click(*at(window, 0.5, 0.25))
    line = waits_for(window, "hint")
    assert "hint 9" in line
    assert "--color=2040c0" in line
    (x, y) = line.partition("--at=")[2].split()[0].split(",")
    assert float(x) == pytest.approx(0.5 * SIZE[1], abs=1.1)
    assert float(y) == pytest.approx(0.25 * SIZE[0], abs=1.1)
    window.locator("#shown", has_text="as it will be").wait_for()
    after = color_at(window, 0.5, 0.25)
    assert after[2] - after[0] > before[2] - before[0] + 20, "it is blue before anything is rendered"
    window.wait_for_selector('#picture[data-frame="9"][data-exact="true"]')
    after = color_at(window, 0.5, 0.25)
    assert window.locator("#queue").inner_text().count("r1-000000")
    window.locator('[data-shot="r1-000000"]', has_text="v002").wait_for()
    window.locator("#shown", has_text="as delivered").wait_for()
    assert np.abs(np.subtract(color_at(window, 0.5, 0.25), after)).max() < 12, "the render shows what the preview did"
    window.keyboard.press("Control+z")
    window.locator('[data-shot="r1-000000"]', has_text="v001").wait_for()
    window.keyboard.press("Control+y")
    window.locator('[data-shot="r1-000000"]', has_text="v002").wait_for()


def test_paint_is_painted_with_the_mouse(work, window):
    opened(window, work, 9)
    window.evaluate("document.querySelector('#queue')")
    window.keyboard.press("4")
    window.keyboard.press("[")
    before = color_at(window, 0.5, 0.8)
    window.mouse.move(*at(window, 0.3, 0.8))
    window.mouse.down()
    window.mouse.move(*at(window, 0.7, 0.8), steps=8)
    window.mouse.up()
    assert color_at(window, 0.5, 0.8) != before, "the stroke is seen while it is painted"
    window.keyboard.press(".")
    window.wait_for_selector('#picture[data-frame="10"]')
    window.mouse.click(*at(window, 0.5, 0.5))
    assert "frame 9" in window.locator("#message").inner_text(), "one paint at a time"
    seek(window, 9)
    window.keyboard.press("Enter")
    line = waits_for(window, "paint")
    copy = Path(line.partition("--file=")[2].split()[0])
    picture = cv2.imread(str(copy), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (*SIZE, 4)
    alpha = picture[..., 3] > 0
    assert alpha[round(0.8 * SIZE[0]), SIZE[1] // 2]
    assert not alpha[round(0.2 * SIZE[0])].any()
    window.locator("#shown", has_text="as it will be").wait_for()


def test_a_dropped_picture_becomes_the_keyframe(work, window, made):
    opened(window, work, 20)
    colors = (made / "refs" / "000016.png").read_bytes()
    window.evaluate(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "coat.png", {type: "image/png"}));
          const box = document.getElementById("picture");
          box.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        list(colors),
    )
    assert "keyframe 20" in waits_for(window, "keyframe")
    assert work.state()["status"]["shots"][1]["keyframes"] == [16, 20]


def test_shots_are_judged_cut_and_noted_by_keys(work, window):
    opened(window, work, 6)
    window.keyboard.press("b")
    assert "cut 6" in waits_for(window, "cut")
    window.locator('[data-shot="r1-000006"]').wait_for()
    window.keyboard.press(">")
    window.locator('[data-shot="r1-000007"]').wait_for()
    window.locator('[data-shot="r1-000006"]').wait_for(state="detached")
    assert [shot["start"] for shot in work.state()["status"]["shots"]] == [0, 7, 12]
    for left in (2, 1, 0):
        window.keyboard.press("Control+z")
        while window.evaluate("vidcolor.film.facts.corrections.length") > left:
            window.wait_for_timeout(20)
    window.locator('[data-shot="r1-000007"]').wait_for(state="detached")
    seek(window, 14)
    window.keyboard.press("x")
    window.locator('[data-shot="r1-000012"]', has_text="gray").wait_for()
    seek(window, 3)
    window.keyboard.press("a")
    window.locator('[data-shot="r1-000000"]', has_text="approved").wait_for()
    window.keyboard.press("t")
    window.locator("dialog[open] input").fill("grain <b>here</b>")
    window.keyboard.press("Enter")
    window.locator("#panel", has_text="note: grain <b>here</b>").wait_for()
    window.keyboard.press("b")
    window.keyboard.press("b")
    window.wait_for_timeout(300)
    assert [one["kind"] for one in work.state()["corrections"]].count("cut") == 1


def test_what_is_refused_is_said_and_nothing_is_lost(work, window):
    opened(window, work, 0)
    window.keyboard.press("m")
    window.locator("#message", has_text="no two shots meet there").wait_for()
    assert work.state()["corrections"] == []
    window.wait_for_timeout(100)


def test_a_piece_of_the_picture_takes_its_colours_from_a_reference(work, window):
    opened(window, work, 9)
    window.keyboard.press("8")
    window.mouse.click(*at(window, 0.5, 0.25))
    window.locator("#paint").wait_for()
    window.wait_for_timeout(500)
    window.locator("figure", has_text="000004.png").locator("button", has_text="for the paint").click()
    line = waits_for(window, "region")
    mask = cv2.imread(line.partition("--file=")[2].split()[0], cv2.IMREAD_UNCHANGED)
    white = mask.reshape(*SIZE, -1)[..., 0] > 127
    assert white[24, 64]
    assert 8 < white.sum() < white.size / 4
    assert "--picture=" in line
    assert not window.locator("#paint").is_visible(), "the paint is taken"


def test_a_reference_lends_a_colour(work, window):
    opened(window, work, 4)
    image = window.locator("figure img").first
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    window.wait_for_timeout(300)
    image.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    taken = window.locator("#hex").input_value()
    assert taken != "8a5a3c"
    picture = cv2.imread(str(work.desk.root.parent / "refs" / "000004.png"))[..., ::-1]
    middle = (
        picture[SIZE[0] // 2 - 1 : SIZE[0] // 2 + 2, SIZE[1] // 2 - 1 : SIZE[1] // 2 + 2].reshape(-1, 3).astype(int)
    )
    assert np.abs(middle - [int(taken[k : k + 2], 16) for k in (0, 2, 4)]).max(1).min() < 12


def test_two_versions_are_compared(work, window):
    work.act("correct", kind="hue", frame=9, degrees=120.0)
    assert main(["render", str(work.desk.root)]) == 0
    work.desk.refresh()
    opened(window, work, 9)
    window.keyboard.press("w")
    window.locator("#first").select_option("v001")
    window.locator("#second").select_option("v002")
    window.wait_for_timeout(600)
    window.evaluate("(vidcolor.viewer.wipe = 1, vidcolor.draw())")
    one = color_at(window, 0.6, 0.52)
    window.evaluate("(vidcolor.viewer.wipe = 0, vidcolor.draw())")
    other = color_at(window, 0.6, 0.52)
    assert np.abs(np.subtract(one, other)).max() > 25
    window.keyboard.press("o")
    window.wait_for_selector('[data-view="onion"][aria-pressed="true"]')
