"""The review page in a real browser: its frames are exact, it shows what it says, it fits the screen and the eye."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from browsed import BROWSER, NONE_HERE, color_at, opened, seek, until
from served import served
from test_pipeline_many_shots import make as make_many

from vidcolor.cli.parser import main

pytestmark = pytest.mark.skipif(not BROWSER, reason=NONE_HERE)
BITS, BLOCK = 10, 16
SEEKS = 200


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


def spread(window, spot) -> int:
    """How far from gray the canvas is at a point."""
    color = color_at(window, *spot)
    return max(color) - min(color)


def seen(window, what) -> None:
    """Fails where the canvas does not come to show something."""
    for _ in range(1000):
        if what():
            return
        window.wait_for_timeout(30)
    raise AssertionError("the canvas never showed it")


def test_the_views_show_what_they_say(page, window):
    opened(window, page, 9)
    left, right = (0.3, 0.52), (0.6, 0.52)
    assert spread(window, right) > 12
    window.keyboard.press("g")
    seen(window, lambda: spread(window, right) <= 1)
    window.keyboard.press("w")
    window.wait_for_selector('[data-view="wipe"][aria-pressed="true"]')
    seen(window, lambda: spread(window, left) <= 1 and spread(window, right) > 12)
    window.keyboard.press("s")
    window.wait_for_selector('[data-view="side"][aria-pressed="true"]')
    window.keyboard.press("d")
    window.wait_for_selector('[data-view="doubt"][aria-pressed="true"]')


def test_what_plays_goes_on_from_where_it_is_sent(page, window):
    opened(window, page)
    window.keyboard.press("l")
    until(window, "vidcolor.player.shownFrames > 0")
    told = window.evaluate("(vidcolor.goTo(2), [vidcolor.player.speed, vidcolor.player.shownFrames])")
    assert told == [1, 0], "it plays, from there"
    window.keyboard.press("k")


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


SMALL_OR_HUED = """() => {
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
FAINT = """() => {
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
"""WCAG 2.2 AA: 4.5 to 1, of gray on gray"""


def test_every_text_is_13_pixels_or_more_without_a_hue_and_stands_out(work, window):
    """With every tool and question open. Swatches and the plane of colours are colours, and lie in the panel."""
    work.act("correct", kind="note", frame=9, to=11, note="a word")
    opened(window, work, 9)
    for keys in ("", "2", "?", "q", "t", "Shift+D", "9 Control+Enter"):
        for key in keys.split():
            window.keyboard.press(key)
        window.wait_for_timeout(200)
        assert window.evaluate(SMALL_OR_HUED) == [[], []], keys
        assert window.evaluate(FAINT) == [], keys
        window.keyboard.press("Escape")
    assert window.evaluate("parseFloat(getComputedStyle(document.getElementById('timeline')).fontSize)") >= 13


def test_a_long_message_moves_nothing(page, window):
    opened(window, page, 9)
    place = "JSON.stringify([vidcolor.place(), document.getElementById('picture').getBoundingClientRect()])"
    before = window.evaluate(place)
    window.evaluate("document.getElementById('message').textContent = 'words '.repeat(200)")
    window.wait_for_timeout(200)
    assert window.evaluate(place) == before


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


def test_of_many_shots_only_what_is_seen_is_made_and_fetched(window, tmp_path):
    """200 shots: what the page holds and asks for goes by the window, not by the film."""
    make_many(tmp_path, 200)
    assert main(["plan", str(tmp_path / "p")]) == 0
    asked: Counter[str] = Counter()
    window.on("request", lambda request: asked.update([request.url.split("/")[4].split("?")[0]]))
    with served(tmp_path / "p") as page:
        opened(window, page)
        until(window, "document.querySelectorAll('.row img[src]').length >= 5")
        seek(window, 380)
        window.wait_for_selector('[data-shot="r1-000380"][aria-current="true"]')
        window.wait_for_timeout(500)
        rows = window.locator(".row").count()
        window.goto("about:blank")
    assert 5 < rows < 25
    assert asked["thumb"] <= 60
    assert asked["state"] == 1
    assert asked["frame"] <= 6


def test_a_page_that_is_read_anew_shows_the_same_frame(page, window):
    opened(window, page, 9)
    until(window, "location.hash === '#9'")
    window.reload()
    window.wait_for_selector('#picture[data-frame="9"][data-exact="true"]')


def test_the_onion_view_lays_the_keyframe_before_and_then_the_one_behind_over_the_frame(work, window):
    work.act("correct", kind="reference", frame=10, reference=0)
    opened(window, work, 7)
    for frame in (4, 10, 4):
        window.keyboard.press("o")
        window.locator("#shown", has_text=f"over it keyframe {frame}").wait_for()
    seek(window, 3)
    window.locator("#shown", has_text="over it keyframe 4").wait_for()


def test_two_pages_tell_one_another(work, window, browser):
    """What is done on one is seen on the other; what that one then asks of it is done once, or refused in words."""
    other = browser.new_page()
    for one in (window, other):
        opened(one, work, 9)
    window.keyboard.press("x")
    other.locator('[data-shot="r1-000000"]', has_text="gray").wait_for()
    assert "1 excluded" in other.locator("#counts").inner_text()
    other.keyboard.press("Control+z")
    window.locator('[data-shot="r1-000000"]', has_text="fresh").wait_for()
    window.keyboard.press("Control+z")
    window.locator("#message", has_text="nothing to take back").wait_for()
    other.close()
    assert work.state()["corrections"] == []


def test_the_readmes_picture_is_made_by_its_tool(page, browser, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "tools"))
    tool = pytest.importorskip("make_review_picture")
    data = np.frombuffer(tool.picture(browser, page.address, 9), np.uint8)
    shot = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(int)
    assert shot.shape == (tool.HEIGHT, tool.WIDTH, 3)
    seen = shot[150:550, 250:1050]
    hue = np.ptp(seen, axis=2)
    assert hue[:, : seen.shape[1] // 2 - 20].max() <= 3, "left of the line it is gray"
    assert hue[:, seen.shape[1] // 2 + 20 :].max() > 12, "right of it in colour"
