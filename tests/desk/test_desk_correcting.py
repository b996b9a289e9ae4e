"""Corrected on the review page, in a real browser: what is clicked, painted and typed is what is written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from browsed import BROWSER, NONE_HERE, at, color_at, opened, seek, until, waits_for
from served import SIZE

from vidcolor.cli.parser import main

pytestmark = pytest.mark.skipif(not BROWSER, reason=NONE_HERE)


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


def test_paint_that_is_under_way_is_neither_sent_twice_nor_lost(work, window):
    opened(window, work, 9)
    window.keyboard.press("4")
    window.mouse.click(*at(window, 0.5, 0.8))
    window.evaluate(
        "vidcolor.press('Enter'), vidcolor.press('Enter'), vidcolor.press('Escape'), vidcolor.press('Ctrl+z')"
    )
    waits_for(window, "paint")
    window.locator("#paint").wait_for(state="hidden")
    assert [one["kind"] for one in work.state()["corrections"]] == ["paint"]


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


def test_a_shot_that_is_cut_or_merged_is_gray_until_it_is_rendered(work, window):
    work.actions.renders.want = lambda shots: None
    opened(window, work, 8)
    window.keyboard.press("b")
    window.locator('[data-shot="r1-000008"]').wait_for()
    until(window, "vidcolor.viewer.exact && vidcolor.film.shots.length === 3")
    assert window.locator("#message").inner_text() == "", "a cut says no colour"
    window.keyboard.press("m")
    until(window, "vidcolor.film.shots.length === 2")
    window.evaluate("vidcolor.goTo(12)")
    window.keyboard.press("m")
    until(window, "vidcolor.film.shots.length === 1")
    window.locator("#message", has_text="v001 holds the frames that the shot had before").wait_for()
    assert window.locator("#shown").inner_text() == "gray"
    assert max(color_at(window, 0.6, 0.52)) - min(color_at(window, 0.6, 0.52)) <= 1


def test_what_is_refused_is_said_and_nothing_is_lost(work, window):
    opened(window, work, 0)
    window.keyboard.press("m")
    window.locator("#message", has_text="no two shots meet there").wait_for()
    assert work.state()["corrections"] == []
    window.wait_for_timeout(100)


def takes_a_piece(window, work, from_where: str) -> None:
    """Paints a piece of frame 9, and presses a button of the reference of frame 4."""
    opened(window, work, 9)
    window.keyboard.press("8")
    window.mouse.click(*at(window, 0.5, 0.25))
    window.locator("#paint").wait_for()
    window.wait_for_timeout(500)
    window.locator("figure", has_text="000004.png").locator("button", has_text=from_where).click()


def test_a_piece_of_the_picture_takes_its_colours_from_a_reference(work, window):
    takes_a_piece(window, work, "for the paint")
    line = waits_for(window, "region")
    mask = cv2.imread(line.partition("--file=")[2].split()[0], cv2.IMREAD_UNCHANGED)
    white = mask.reshape(*SIZE, -1)[..., 0] > 127
    assert white[24, 64]
    assert 8 < white.sum() < white.size / 4
    assert "--picture=" in line
    assert not window.locator("#paint").is_visible(), "the paint is taken"


def test_a_part_of_a_reference_is_drawn_and_lends_its_colours(work, window):
    takes_a_piece(window, work, "a part of it")
    canvas = window.locator("#part canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    for x, y in ((0.1, 0.1), (0.4, 0.1), (0.4, 0.6), (0.1, 0.6)):
        window.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    window.keyboard.press("Enter")
    line = waits_for(window, "region")
    part = cv2.imread(line.partition("--part=")[2].split()[0], cv2.IMREAD_UNCHANGED)
    white = part.reshape(*SIZE, -1)[..., 0] > 127
    assert white.mean() == pytest.approx(0.15, abs=0.01)
    assert white[SIZE[0] // 3, SIZE[1] // 4]
    (found,) = work.state()["corrections"]
    assert found["kind"] == "region"


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


def painted(line: str) -> np.ndarray:
    """(H, W) of what a written paint covers, by the line that wrote it."""
    return cv2.imread(line.partition("--file=")[2].split()[0], cv2.IMREAD_UNCHANGED)[..., 3] > 0


def test_an_outline_is_drawn_by_clicks_closed_by_enter_and_forgotten_by_escape(work, window):
    opened(window, work, 9)
    window.keyboard.press("9")
    for x, y in ((0.1, 0.1), (0.4, 0.1), (0.4, 0.5)):
        window.mouse.click(*at(window, x, y))
    before = color_at(window, 0.7, 0.6)
    window.keyboard.press("Escape")
    assert not window.locator("#paint").is_visible(), "nothing is left of it"
    for x, y in ((0.5, 0.2), (0.9, 0.2), (0.9, 0.9), (0.2, 0.9)):
        window.mouse.click(*at(window, x, y))
    window.keyboard.press("Backspace")
    window.mouse.click(*at(window, 0.5, 0.9))
    assert color_at(window, 0.7, 0.6) == before, "nothing is painted before it is closed"
    window.keyboard.press("Enter")
    assert color_at(window, 0.7, 0.6) != before
    window.keyboard.press("Enter")
    covered = painted(waits_for(window, "paint"))
    rows, columns = np.nonzero(covered)
    found = (columns.min() / SIZE[1], rows.min() / SIZE[0], columns.max() / SIZE[1], rows.max() / SIZE[0])
    assert found == pytest.approx((0.5, 0.2, 0.9, 0.9), abs=0.03)
    assert covered.mean() == pytest.approx(0.4 * 0.7, abs=0.03)


def test_undo_takes_back_what_is_not_sent_before_any_correction(work, window):
    work.act("correct", kind="note", frame=9, note="stays")
    opened(window, work, 9)
    window.keyboard.press("4")
    for x, y in ((0.2, 0.2), (0.7, 0.7)):
        window.mouse.click(*at(window, x, y))
    window.keyboard.press("Control+z")
    window.keyboard.press("Enter")
    covered = painted(waits_for(window, "paint"))
    assert covered[round(0.2 * SIZE[0]), round(0.2 * SIZE[1])]
    assert not covered[SIZE[0] // 2 :].any(), "the second stroke was taken back"
    assert [one["kind"] for one in work.state()["corrections"]] == ["note", "paint"]


def test_a_whole_correction_is_made_by_the_keyboard_alone(work, window):
    opened(window, work)
    press = window.keyboard.press
    for key in ("Shift+ArrowRight", ",", "h"):
        press(key)
    window.keyboard.type("2040c0")
    press("Enter")
    for _ in range(10):
        press("Control+ArrowUp")
    press("Control+Enter")
    line = waits_for(window, "hint")
    assert "hint 9" in line
    assert "--color=2040c0" in line
    x, y = (float(part) for part in line.partition("--at=")[2].split()[0].split(","))
    assert (x, y) == (pytest.approx(0.5 * SIZE[1], abs=1.1), pytest.approx(0.3 * SIZE[0], abs=1.1))
    window.locator('[data-shot="r1-000000"]', has_text="v002").wait_for()
    press("a")
    window.locator('[data-shot="r1-000000"]', has_text="approved").wait_for()
    assert [one["kind"] for one in work.state()["corrections"]] == ["hint", "approve"]


def answered(window, words: str) -> None:
    """Writes words into the question that is asked, and Enter."""
    window.locator("dialog[open] input").fill(words)
    window.keyboard.press("Enter")
    window.locator("dialog[open]").wait_for(state="detached")


def test_a_range_is_noted_and_gone_to_from_the_list(work, window):
    opened(window, work, 5)
    window.keyboard.press("i")
    seek(window, 9)
    window.keyboard.press("t")
    answered(window, "the disc flickers")
    assert "note 5 --to=9" in waits_for(window, "note")
    seek(window, 20)
    window.keyboard.press("q")
    window.locator("#list tr", has_text="the disc flickers").locator("button", has_text="5-9").click()
    window.wait_for_selector('#picture[data-frame="5"]')
    assert "the disc flickers" in window.locator("#message").inner_text()
    seek(window, 0)
    window.keyboard.press("e")
    until(window, "vidcolor.film.frame > 0")
    window.keyboard.press("q")
    with window.expect_download() as saved:
        window.locator("#list a").click()
    assert "the disc flickers" in Path(saved.value.path()).read_text()


def test_colours_get_names_that_hints_then_say(work, window):
    opened(window, work, 9)
    window.keyboard.press("h")
    window.keyboard.type("2040c0")
    window.keyboard.press("Enter")
    window.locator("#names button", has_text="name it").click()
    answered(window, "sea")
    assert "--name=sea --color=2040c0" in waits_for(window, "palette")
    window.locator("#names button", has_text="rename").click()
    answered(window, "deep sea")
    window.locator("#palette", has_text="deep sea").wait_for()
    window.mouse.click(*at(window, 0.5, 0.25))
    assert "'--color=deep sea'" in waits_for(window, "hint")
    assert work.state()["corrections"][0]["color"] == "2040c0"
    window.locator("#names button", has_text="remove").click()
    window.locator("#message", has_text="names 'deep sea'").wait_for()


def test_the_length_of_a_dissolve_is_changed(work, window):
    opened(window, work, 14)
    for length, entry in (("6", "dissolve"), ("0", "cut")):
        window.keyboard.press("Shift+D")
        answered(window, length)
        assert f"dissolve 12 --length={length}" in waits_for(window, f"--length={length}")
        assert work.state()["status"]["shots"][1]["entry"] == entry
    window.keyboard.press("Shift+D")
    answered(window, "some")
    assert "write a number" in window.locator("#message").inner_text()


def test_a_second_paint_ends_the_render_of_the_first(work, window):
    opened(window, work, 9)
    window.keyboard.press("4")
    window.mouse.click(*at(window, 0.5, 0.3))
    window.keyboard.press("Enter")
    until(window, "vidcolor.film.rendering.size > 0")
    window.mouse.click(*at(window, 0.5, 0.7))
    window.keyboard.press("Enter")
    window.locator("#message", has_text="was stopped").wait_for()
    window.locator('[data-shot="r1-000000"]', has_text="v002").wait_for()
    assert [one["kind"] for one in work.state()["corrections"]] == ["paint", "paint"]
    assert work.state()["shots"][0]["version"] == "v002", "one render of both"
