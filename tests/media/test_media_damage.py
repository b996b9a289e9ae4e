"""One damaged frame of a film is named rightly, wherever reading begins and however the decoder's threads tell it."""

from pathlib import Path

import av
import numpy as np
import pytest
from made_films import gray_frame, moving, write_film

from vidcolor.errors import MediaError
from vidcolor.media.decode import read_chosen, read_frames
from vidcolor.media.index import find_frames

BAD = 27


def spoilt(path: Path, how: str) -> Path:
    """The film with the bytes of packet `BAD` spoilt."""
    with av.open(str(path)) as file:
        packet = [packet for packet in file.demux(video=0) if packet.size][BAD]
        start, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    kept = 40 if how == "noise" else 0
    data[start + kept : start + size] = np.random.default_rng(1).bytes(size - kept) if kept else bytes(size)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("codec", "name", "how"),
    [
        ("libx264", "f.mp4", "zero"),
        ("libx264", "f.mp4", "noise"),
        ("mpeg2video", "f.mov", "zero"),
        ("prores_ks", "f.mov", "zero"),
    ],
)
def test_the_damaged_frame_is_named(tmp_path, codec, name, how):
    pixels = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    frames = [gray_frame(p, pixels) for p in moving(48, (96, 128), 900 if codec == "prores_ks" else 255)]
    options = {"bf": "0", "g": "12"} if codec != "prores_ks" else {}
    path = spoilt(write_film(tmp_path / name, codec, frames, options=options), how)
    index = find_frames(path)
    readings = [lambda: read_frames(index, 0), lambda: read_frames(index, 25), lambda: read_chosen(index, [0, 20, 27])]
    for reading in readings:
        with pytest.raises(MediaError, match=rf"{name}: frame {BAD} is damaged or missing"):
            list(reading())
