"""One sound track of the film on its way into a delivery: copied packet for packet, or as PCM.

- What the new container holds is copied: nothing is decoded, resampled or cut.
- What it cannot hold becomes PCM of the same channels, and of the same rate unless the container takes another only,
  16 bits where the source has no more, else 24. Gaps in the source's times become silence, since PCM has no times of
  its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.packet import Packet

SMALL = ("u8", "u8p", "s16", "s16p")
"""Sample formats that 16 bits hold."""
USUAL = {"1 channels": "mono", "2 channels": "stereo"}
"""What channels are where the source does not say."""
ONLY_RATE = {"mxf": 48_000}
"""Samples a second of a container that takes no other."""
EXACT = ("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be")
"""Sound that comes out of here sample for sample as it was, where the rate stays."""
SLACK = Fraction(1, 50)
"""Seconds by which a piece of sound may lie off its place without being moved: containers round times."""
LONGEST = 3600
"""Seconds of silence that are believed; a longer gap is a damaged time."""


class AsPcm:
    """A track of `output` that gets the sound of `track` as PCM.

    start  when the first picture is shown, in seconds of the film's own clock
    """

    def __init__(self, track: Any, output: Any, container: str, start: Fraction) -> None:
        context = track.codec_context
        small = context.format is not None and context.format.name in SMALL
        self.codec = "pcm_s16le" if small else "pcm_s24le"
        self._rate = ONLY_RATE.get(container, context.sample_rate)
        self._layout = USUAL.get(context.layout.name, context.layout.name)
        self._kind = "s16" if small else "s32"
        self._start = start
        self.stream = output.add_stream(self.codec, rate=self._rate, layout=self._layout)
        self._resampler = av.AudioResampler(format=self._kind, layout=self._layout, rate=self._rate)
        self._end: int | None = 0 if container in ONLY_RATE else None  # MXF has no times of its own either
        """The sample that follows what was written, counted from the first picture."""
        self._begun = False

    def packets(self, packet: Packet) -> Iterator[Packet]:
        """What a packet of the source becomes; nothing where it is damaged, and silence comes in its place."""
        frames: list[Any]
        try:
            frames = list(packet.decode())
        except av.FFmpegError:
            return
        for frame in frames:
            if frame.pts is None:
                place = self._end or 0
            else:
                place = round((frame.pts * frame.time_base - self._start) * self._rate)
            for samples in self._resampler.resample(frame):
                yield from self._put(samples.to_ndarray(), place)

    def flush(self, until: Fraction | None = None) -> Iterator[Packet]:
        """What is still inside the resampler and the encoder; silence up to `until` seconds."""
        for samples in self._resampler.resample(None):
            yield from self._put(samples.to_ndarray(), self._end or 0)
        if until is not None:
            channels = self.stream.codec_context.layout.nb_channels
            kind = np.int16 if self._kind == "s16" else np.int32
            yield from self._put(np.zeros((1, channels), kind), round(until * self._rate) - 1)
        yield from self.stream.encode(None)

    def _put(self, samples: np.ndarray, place: int) -> Iterator[Packet]:
        """(1, n x channels) samples at a place; what overlaps is cut, a gap is filled."""
        channels = self.stream.codec_context.layout.nb_channels
        if self._end is None:
            self._end = place
        gap = place - self._end
        if (self._begun and abs(gap) < SLACK * self._rate) or gap > LONGEST * self._rate:
            gap = 0
        while gap > 0:
            count = min(gap, self._rate)
            yield from self._encode(np.zeros((1, count * channels), samples.dtype))
            gap -= count
        samples = samples[:, -gap * channels :]
        if samples.size:
            self._begun = True
            yield from self._encode(samples)

    def _encode(self, samples: np.ndarray) -> Iterator[Packet]:
        assert self._end is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=self._kind, layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._end, Fraction(1, self._rate)
        self._end += frame.samples
        yield from self.stream.encode(frame)
