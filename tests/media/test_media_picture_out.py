"""Pictures written as 16-bit PNG and TIFF, and what is never written over."""

import cv2
import numpy as np
import pytest
from PIL import Image

from vidcolor.errors import InputError, MediaError
from vidcolor.media.images import read_rgb
from vidcolor.media.load import picture_size
from vidcolor.media.picture_out import MARK, check_picture_out, write_picture

NAMES = pytest.mark.parametrize("name", ["a.png", "a.tif", "a.TIFF"])


def codes(size: tuple[int, int] = (23, 31)) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 65536, (3, *size), np.uint16)


@NAMES
@pytest.mark.parametrize("size", [(23, 31), (1, 1), (2, 300)])
def test_every_code_comes_back(name, size, tmp_path):
    """Read again by our own reader, by OpenCV, and its header by Pillow."""
    path, rgb = tmp_path / name, codes(size)
    write_picture(path, rgb)
    assert picture_size(path) == size
    assert np.array_equal(np.rint(read_rgb(path) * 65535).astype(np.uint16), rgb)
    assert np.array_equal(np.moveaxis(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], 2, 0), rgb)
    with Image.open(path) as picture:
        assert picture.size == size[::-1]
        said = picture.info.get("Software") or picture.tag_v2[305]
        assert said == MARK.decode()
    assert [p.name for p in tmp_path.iterdir()] == [name]


@NAMES
def test_our_own_file_is_replaced_and_no_other(name, tmp_path):
    path = tmp_path / name
    check_picture_out(path, [])
    write_picture(path, codes())
    check_picture_out(path, [])
    path.write_bytes(b"somebody's")
    with pytest.raises(MediaError, match="not by vidcolor transfer"):
        check_picture_out(path, [])
    path.write_bytes(b"")
    check_picture_out(path, [])


def test_places_that_cannot_be_written_to(tmp_path):
    given = tmp_path / "given.png"
    write_picture(given, codes())
    (tmp_path / "folder.png").mkdir()
    for path, told in (
        (tmp_path / "a.jpg", "name it a.png"),
        (tmp_path / "a", "name it a.png"),
        (tmp_path / "folder.png", "is a folder"),
        (tmp_path / "none" / "a.png", "no such folder"),
        (given, "one of the pictures given"),
    ):
        with pytest.raises(MediaError, match=told):
            check_picture_out(path, [given])


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    write_picture(path, codes())
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vidcolor.media.picture_out._write_tiff", full)
    with pytest.raises(MediaError, match="disk is full"):
        write_picture(path, codes((5, 5)))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_other_arrays_are_refused(tmp_path):
    for wrong in (codes().astype(np.uint8), codes()[0], codes()[:, :0]):
        with pytest.raises(InputError, match="16 bits"):
            write_picture(tmp_path / "a.png", wrong)
