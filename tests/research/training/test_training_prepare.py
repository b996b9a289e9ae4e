"""Training lists: the choice of references on a small made set, COCO's ways to write an outline, and hostile files."""

from __future__ import annotations

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from vidcolor.errors import InputError, WeightsError
from vidcolor.research.training.published import choose
from vidcolor.research.training.published.coco import box_of, read_instances
from vidcolor.research.training.published.lists import Entry, PairList, read_list, write_list
from vidcolor.research.training.published.prepare import Wanted, pictures_of, prepare, read_mask

ROOT = Path(__file__).parents[3]
SIZE = (40, 60)
NAMES = ["a/red1.png", "a/red2.png", "b/blue1.png", "b/blue2.png", "b/blue3.png", "green.png"]


def by_color(rgb):
    """Stands for deep features: the mean colour, everywhere."""
    return np.broadcast_to(rgb.reshape(-1, 3).mean(0)[:, None, None], (3, 14, 14)).astype(np.float32)


@pytest.fixture
def pictures(tmp_path):
    """Six even pictures of three hues, each a little different, with a white box in one corner."""
    folder = tmp_path / "pictures"
    hues = {"red": (200, 20, 20), "blue": (20, 20, 200), "green": (20, 200, 20)}
    for k, name in enumerate(NAMES):
        hue = next(v for h, v in hues.items() if h in name)
        picture = np.full((*SIZE, 3), hue, np.uint8) + np.uint8(3 * k)
        picture[:30, :40] = 250
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture[..., ::-1])
    return folder


@pytest.fixture
def coco(tmp_path):
    """Of each picture a box of half its area, a small one, and a crowd; outlines in all three ways."""
    tall = np.zeros(SIZE, bool)
    tall[:30, :40] = True
    outlines = [
        [[0, 0, 40, 0, 40, 30, 0, 30]],
        {"size": list(SIZE), "counts": runs_of(tall)},
        {"size": list(SIZE), "counts": packed(runs_of(tall))},
    ]
    told = {
        "images": [{"id": k, "file_name": n, "height": SIZE[0], "width": SIZE[1]} for k, n in enumerate(NAMES)],
        "categories": [{"id": 7, "name": "box"}, {"id": 9, "name": "dot"}],
        "annotations": [],
    }
    for k in range(len(NAMES)):
        for kind, outline, crowd in ((7, outlines[k % 3], 0), (9, [[0, 0, 8, 0, 8, 8, 0, 8]], 0), (7, outlines[0], 1)):
            told["annotations"].append(
                {"id": 10 * k + kind, "image_id": k, "category_id": kind, "segmentation": outline, "iscrowd": crowd}
            )
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(told))
    return path


def runs_of(mask):
    flat = np.concatenate([[False], mask.T.ravel(), [False]])
    edges = np.flatnonzero(np.diff(flat.astype(int)))
    return np.diff(np.concatenate([[0], edges, [mask.size]]))[: len(edges) + 1].tolist()


def packed(counts):
    """COCO's text, written from its description: the inverse of what is read."""
    text = ""
    for k, count in enumerate(counts):
        value = count - counts[k - 2] if k > 2 else count
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != -1 if bits & 16 else value != 0
            text += chr((bits | 32 if more else bits) + 48)
    return text


def test_the_three_ways_to_write_an_outline_agree(coco):
    for found in read_instances(coco).values():
        big = [i.mask() for i in found if i.name == "box"]
        assert len(big) == 1  # The crowd is left out.
        assert big[0].sum() == pytest.approx(30 * 40, rel=0.06)
        assert box_of(big[0])[:2] == (0, 0)
        assert big[0][:29, :39].all()
    assert box_of(np.zeros((3, 4), bool)) is None


def test_scenes_take_the_nearest_and_objects_their_class(pictures, coco, tmp_path):
    listed = prepare(Wanted(pictures, tmp_path / "set", coco=coco, held=10**9), by_color, "by colour")
    names = [e.picture for e in listed.scenes]
    assert names == sorted(NAMES)
    first = {name: names[listed.scenes[k].like[0]] for k, name in enumerate(names)}
    assert first["a/red1.png"] == "a/red2.png"
    assert first["a/red2.png"] == "a/red1.png"
    assert all(first[f"b/blue{k}.png"].startswith("b/blue") for k in (1, 2, 3))
    for k, entry in enumerate(listed.scenes):
        assert len(entry.like) == choose.NEAREST
        assert k not in entry.like
    # The dots cover less than a tenth; the boxes half.
    assert [e.name for e in listed.objects] == ["box"] * 6
    for k, entry in enumerate(listed.objects):
        assert entry.share == pytest.approx(0.5, abs=0.03)
        assert len(set(entry.same)) == choose.DRAWN
        assert k not in entry.same
        assert read_mask(listed.mask(entry), SIZE).mean() == pytest.approx(entry.share, abs=1e-3)
    again = prepare(Wanted(pictures, tmp_path / "set", coco=coco, held=10**9), by_color, "by colour")
    assert again == listed


def test_who_is_held_out_is_nobodys_reference(pictures, tmp_path):
    held = 3
    listed = prepare(Wanted(pictures, tmp_path / "set", held=held), by_color, "by colour")
    out = {k for k, entry in enumerate(listed.scenes) if entry.held}
    assert out == {k for k, entry in enumerate(listed.scenes) if choose.is_held(entry.picture, held)}
    assert 0 < len(out) < len(listed.scenes)
    assert not out & {k for entry in listed.scenes for k in entry.like}
    assert all(entry.like for entry in listed.scenes)


def test_ranking_is_the_l2_distance_within_a_class():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 5)).astype(np.float32)
    entries = [Entry(f"{k // 2}.png", k % 7 == 0, name="ab"[k % 3 == 0]) for k in range(30)]
    for k, entry in enumerate(choose.ranked(entries, features)):
        fits = [
            j
            for j in range(30)
            if entries[j].name == entry.name and not entries[j].held and entries[j].picture != entry.picture
        ]
        nearest = sorted(fits, key=lambda j: np.linalg.norm(features[k] - features[j]))
        assert list(entry.like) == nearest[: choose.NEAREST]


def test_masks_of_a_folder_go_with_their_pictures(pictures, tmp_path):
    masks = tmp_path / "masks"
    (masks / "a").mkdir(parents=True)
    mask = np.zeros(SIZE, np.uint8)
    mask[:20] = 255
    cv2.imwrite(str(masks / "a/red1.png"), mask)
    cv2.imwrite(str(masks / "green.png"), mask // 255)
    listed = prepare(Wanted(pictures, tmp_path / "set", masks=masks, held=10**9), by_color, "")
    assert [(e.picture, e.share, e.box) for e in listed.objects] == [
        ("a/red1.png", 0.5, (0, 0, 60, 20)),
        ("green.png", 0.5, (0, 0, 60, 20)),
    ]
    cv2.imwrite(str(masks / "green.png"), mask[:, :50])
    with pytest.raises(InputError, match=r"green\.png: a mask of \(50, 40\) for a picture of \(60, 40\)"):
        prepare(Wanted(pictures, tmp_path / "set", masks=masks), by_color, "")
    (masks / "green.png").write_bytes(b"no mask")
    with pytest.raises(InputError, match=r"green\.png: no mask that can be read"):
        prepare(Wanted(pictures, tmp_path / "set", masks=masks), by_color, "")


def test_pictures_are_taken_evenly_and_none_is_refused(pictures, tmp_path):
    assert pictures_of(pictures, 3) == [sorted(NAMES)[k] for k in (0, 2, 5)]
    assert pictures_of(pictures) == sorted(NAMES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no pictures"):
        pictures_of(tmp_path / "empty")
    with pytest.raises(InputError, match="give more"):
        prepare(Wanted(pictures, tmp_path / "set", limit=1), by_color, "")


def test_a_list_there_and_back(pictures, tmp_path):
    listed = prepare(Wanted(pictures, tmp_path / "set", weights=tmp_path, held=10**9), by_color, "by colour")
    write_list(listed)
    found = read_list(tmp_path / "set")
    assert (found.scenes, found.objects, found.how) == (listed.scenes, listed.objects, "by colour")
    assert found.pictures.resolve() == pictures.resolve()
    assert found.weights.resolve() == tmp_path.resolve()
    assert found.picture(found.scenes[0]).is_file()
    with pytest.raises(InputError, match="has no mask; prepare the set with masks"):
        found.mask(found.scenes[0])


GOOD = {"schema": "vidcolor.pairs/1", "pictures": ".", "weights": None, "objects": []}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a list of pairs"),
        (json.dumps({**GOOD, "schema": "other/9"}), "not a list of pairs"),
        (json.dumps(GOOD), "no table of scenes"),
        (json.dumps({**GOOD, "pictures": 3, "scenes": []}), "not named as text"),
        (json.dumps({**GOOD, "scenes": [3]}), "scenes 0: not a row"),
        (json.dumps({**GOOD, "scenes": [{"picture": "../x.png", "held": False}]}), r"'\.\./x\.png' leads out"),
        (json.dumps({**GOOD, "scenes": [{"picture": "/x.png", "held": False}]}), "leads out"),
        (json.dumps({**GOOD, "scenes": [{"picture": "x.png", "held": False, "mask": "..\\\\y"}]}), "leads out"),
        (json.dumps({**GOOD, "scenes": [{"picture": "x.png", "held": False, "like": [1]}]}), "a row that is not there"),
        (
            json.dumps({**GOOD, "scenes": [{"picture": "x.png", "held": False, "box": [0, 0, 0, 3]}]}),
            "box does not fit",
        ),
        (json.dumps({**GOOD, "scenes": [{"picture": "x.png", "held": 1}]}), "held does not fit"),
    ],
)
def test_lists_that_are_none_are_refused(tmp_path, text, says):
    (tmp_path / "pairs.json").write_text(text)
    with pytest.raises(InputError, match=rf"pairs\.json.*{says}.*; "):
        read_list(tmp_path)


def _broken(told, case):
    annotation, image = told["annotations"][0], told["images"][0]
    match case:
        case "climbs":
            image["file_name"] = "../../etc/passwd"
        case "unknown":
            annotation["image_id"] = 99
        case "side":
            image["height"] = -4
        case "odd":
            annotation["segmentation"] = [[1, 2, 3]]
        case "endless":
            annotation["segmentation"] = [[0, 0, float("inf"), 3, 4, 5]]
        case "text":
            annotation["segmentation"] = {"size": list(SIZE), "counts": "\x01"}
        case "short":
            annotation["segmentation"] = {"size": list(SIZE), "counts": [5, 6]}
        case "nothing":
            annotation["segmentation"] = 3
        case "resized":
            image["height"] = 41
        case "keyless":
            del annotation["image_id"]
        case "tables":
            del told["annotations"]
    return told


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("climbs", "image 0: '../../etc/passwd' leads out of its folder"),
        ("unknown", "annotation 0 is of image 99, which is not in the file"),
        ("side", "image 0: -4 pixels are no side"),
        ("odd", "annotation 0: a polygon that is not x, y"),
        ("endless", "annotation 0: a polygon of 3 points, or without an end"),
        ("text", "annotation 0: run lengths that cannot be unpacked"),
        ("short", r"annotation 0: run lengths of \[40, 60\], 11 pixels"),
        ("nothing", "annotation 0: its outline is neither"),
        ("resized", r"annotation 0: a/red1.png of \(60, 41\), the picture has \(60, 40\)"),
        ("keyless", "annotation 0 has no 'image_id'"),
        ("tables", "no tables of images and annotations"),
    ],
)
def test_hostile_instances_are_refused(pictures, coco, tmp_path, case, says):
    coco.write_text(json.dumps(_broken(json.loads(coco.read_text()), case)))
    with pytest.raises(InputError, match=rf"instances\.json.*{says}.*; "):
        prepare(Wanted(pictures, tmp_path / "set", coco=coco, held=10**9), by_color, "")


def test_instances_of_other_pictures_are_refused(pictures, coco, tmp_path):
    (tmp_path / "other").mkdir()
    (pictures / "green.png").rename(tmp_path / "other/new.png")
    with pytest.raises(InputError, match="names no picture of"):
        prepare(Wanted(tmp_path / "other", tmp_path / "set", coco=coco), by_color, "")
    with pytest.raises(InputError, match="not both"):
        prepare(Wanted(pictures, tmp_path / "set", coco=coco, masks=pictures), by_color, "")


def test_the_command_makes_a_list_with_the_packages_features(pictures, tmp_path, monkeypatch, capsys):
    main = runpy.run_path(str(ROOT / "tools/prepare_dataset.py"))["main"]
    command = ["prepare_dataset.py", str(pictures), "-o", str(tmp_path / "set"), "--held", "1000000"]
    monkeypatch.setattr(sys, "argv", command)
    assert main() == 0
    assert "6 scenes (0 held out)" in capsys.readouterr().out
    listed = read_list(tmp_path / "set")
    assert "vidcolor features, stride 16" in listed.how
    monkeypatch.setattr(sys, "argv", [*command, "--coco", str(tmp_path / "none.json")])
    assert main() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "none.json: cannot be read" in said


def test_published_weights_that_are_not_there_are_asked_for(tmp_path):
    from vidcolor.research.training.published.encoders import teacher_vgg19

    with pytest.raises(WeightsError, match="no folder of weights: prepare the set with --weights DIR"):
        teacher_vgg19(None)
    with pytest.raises(WeightsError, match="no such file"):
        teacher_vgg19(tmp_path)


def test_lists_are_written_whole(tmp_path):
    listed = PairList(tmp_path, tmp_path, None, (Entry("a.png", False), Entry("b.png", False, (0,))), ())
    write_list(listed)
    assert not list(tmp_path.glob("*.part"))
    assert read_list(tmp_path).scenes == listed.scenes
    write_list(replace(listed, scenes=listed.scenes[:1]))
    assert len(read_list(tmp_path).scenes) == 1
