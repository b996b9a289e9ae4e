"""The loops that every film needs, with the types they are called with: what is compiled ahead (ahead.py).

Below each module its loops: `f4[:, ::1]` is a C-ordered matrix of float32, `[:, :]` one of any strides, `readonly` what
may not be written; the other words are numba's, and named tuples of the module. Plan's modules come first, in each
part those that take longest. `tools/list_loops.py` prints what a command called; a test says when this list lacks one.
"""

from __future__ import annotations

PLANS = ("color.kernels", "shots.transitions", "shots.measure", "media.areas", "media.luma", "media.colors")
"""Modules of which plan calls loops"""
PICTURES = (
    *("superpixels.pool", "colorize.spread", "colorize.regrain", "colorize.settle", "colorize.super_features"),
    *("features", "columns"),
)
"""Those that are needed where keyframes take their colours from pictures of other frames"""
TEXT = """
color.kernels
    differences(f4[::1], f4[::1], f4[::1], f4[::1], Tuple(f4, f4, f4, f4, f4, f4, f4, f4, f4), f4[::1], f4[::1])
    fill_lab(f4[:, ::1], f4[::1, :], f4[:, ::1])
    fill_rgb(f4[:, ::1], f4[:, ::1], f4[:, ::1])
    guess(f4[::1], f4[::1], f4[::1], f4[:, ::1], f4[::1])
    keep_even(f4[:, ::1], f4[:, ::1])
    limit_and_code(f4[:], f4[::1], f4[::1], Tuple(f4, f4, f4), f4, Tuple(f4, f4, f4, f4), u2[::1], u2[::1])
    newton_step(f4[::1], f4[::1], f4[::1], f4[::1], Tuple(f4, f4, f4, f4, f4, f4, f4, f4, f4), Tuple(f4, f4, f4))
    outside(f4[::1], f4[::1], f4[::1], Tuple(f4, f4, f4), f4, b1[::1])
    shrink(f4[::1], f4[::1], f4[::1], f4[:, ::1])
shots.transitions
    _dissolve_gains(f4[:, ::1], f4[::1], i8[::1], f8[::1])
    _ramp_gain(f4[:, ::1], i8, i8, i8)
shots.measure
    _blocks(f4[:, ::1], f8)
    _signal(f4[:, ::1], f8[::1])
    _unexplained(f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], i8, f8)
media.areas
    _average(u2[:, ::1], f4[::1], i8[::1], i8[::1], f4[::1], f4[::1], i8[::1], i8[::1], f4[::1], f4[::1], f4[:, ::1])
    _average(u2[:, :], f4[::1], i8[::1], i8[::1], f4[::1], f4[::1], i8[::1], i8[::1], f4[::1], f4[::1], f4[:, ::1])
media.luma
    _fill(u2[:, ::1], f4[::1], f4[:, ::1])
    _fill(u2[:, ::1], u1[::1], u1[:, ::1])
    _fill(u2[:, :], u1[::1], u1[:, ::1])
media.colors
    _spread(readonly(u1[:, :, ::1]), f4, f4[:, :, ::1])
    _spread(u2[:, :, ::1], f4, f4[:, :, ::1])
features
    _correlate(f4[:, ::1], f4[:, ::1], f4[:, ::1])
columns
    follow_columns(f4[:, ::1], i4, f4[::1], i4[::1])
superpixels.connect
    _best_neighbours(i4[:, ::1], i8, Groups(i4[::1], i4[::1], b1[::1], i8[::1], f8[::1]), i4[::1], f8[::1])
    _claim(Parts(i4[::1], i8[::1], f8[::1]), i4[::1], f8, f8, Groups(i4[::1], i4[::1], b1[::1], i8[::1], f8[::1]))
    _final_labels(Groups(i4[::1], i4[::1], b1[::1], i8[::1], f8[::1]), i8)
    _find_runs(i4[:, ::1], i4[::1], i4[::1])
    _join(Groups(i4[::1], i4[::1], b1[::1], i8[::1], f8[::1]), i4[::1], f8)
    _join_rows(i4[:, ::1], i4[::1], i4[::1], i4[::1])
    _loose_edges(Runs(i4[::1], i4[::1], i4[::1]), b1[::1], i8, i4[:, ::1])
    _number(i4[:, ::1], f4[:, ::1], Runs(i4[::1], i4[::1], i4[::1]), i4[::1], Parts(i4[::1], i8[::1], f8[::1]))
    _paint(Runs(i4[::1], i4[::1], i4[::1]), i4[::1], i8, i4[:, ::1])
superpixels.pool
    _pool(f4[:, :, ::1], i4[:, ::1], f4[:, ::1])
    _pool_enlarged(f4[:, :, ::1], i4[:, ::1], i8[::1], i8[::1], f8[::1], i8[::1], f8[::1], f4[:, ::1])
    _unpool(f4[:, ::1], i4[:, ::1], f4[:, :, ::1])
superpixels.slic
    _assign(f4[:, ::1], f4[:, ::1], Tiles(i4[::1], i4[::1]), Prior(i4[:, ::1], f4, i8), f4, Tuple(i8, i8), i4[:,
        ::1])
    _sum_up(f4[:, ::1], i4[:, ::1], Tuple(i8, i8), f8[:, :, ::1])
    _list_centres(i4[:, ::1], i8, i4[::1], i4[::1])
propagate.window
    _attend(f4[:, ::1], f4[:, :, ::1], f4[:, :, :, ::1], f4[:, :, ::1], f4[:, :, ::1], i8, f4, Tuple(f4[:, ::1],
        f4[:, ::1], f4[:, ::1], f4[:, ::1]), f4[:, :, ::1], f4[:, ::1], f4[:, ::1])
networks.loops
    look_up(f4[:, :, ::1], f4[:, :, ::1], f4[:, ::1], f4[:, ::1], f4[:, :, ::1], f4[:, ::1], i8, f4, f4, f4, f4[:, :,
        ::1], f4[:, ::1])
    mix_places(f4[:, :, ::1], f4[:, ::1], f4[:, :, ::1])
colorize.spread
    _spread(readonly(f4[:, :, ::1]), Tuple(f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, :, ::1], f4[::1]), f4[:, ::1],
        Tuple(i8[::1], i8[::1], f4[::1], f4[::1], f4[::1]), f4[:, :, ::1])
colorize.regrain
    _apply(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])
    _product(f8[:, ::1], f8[:, ::1])
    _relax(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i8)
    _restrict(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])
colorize.settle
    _attend(f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, :, ::1], i8, i8, f4, f4[:, :, ::1])
    _rows(f4[:, :, ::1], f4[:, ::1], f4, f4)
superpixels.segment
    _gather(i4[:, ::1], f8, _Tally(i4[::1], i4[::1], i4[::1], i4[::1], i4[::1]), i4[:, ::1], b1[::1])
    _place(i4[:, ::1], f8[:, ::1], f8[::1], i4[:, ::1])
propagate.by_superpixel
    _fit(f8[:, ::1], f8[:, ::1])
    _learn(i4[:, ::1], f4[:, ::1], f4[:, :, ::1], f4[:, ::1], f8[:, ::1], f8[:, ::1])
    _recall(i4[:, ::1], f4[:, ::1], f8[:, ::1], f4[:, :, ::1])
colorize.super_features
    _attend(f4[:, ::1], Tuple(f4[:, ::1], f4[:, ::1], f4, f4[::1]), f4[:, ::1], f4, f4[:, ::1])
networks.frame_maps
    _fetch(f4[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1])
finish.frame
    _add_detail(f4[:, ::1], f4[:, ::1], u2[:, ::1], f4[:, ::1], f4, f4[:, ::1], f4[:, ::1])
propagate.smooth
    _solve_columns(f4[:, :, ::1], f4[:, ::1], f4, f4[:, ::1], f4[::1])
networks.origins
    _compare(f4[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1], f4[:, ::1])
superpixels.track
    _land(i4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, :, ::1], b1[:, ::1], i4[:, ::1], f4[:, ::1])
"""


def listed() -> dict[str, list[str]]:
    """Module to its loops, `name(types)`."""
    found: dict[str, list[str]] = {}
    for line in TEXT.strip().splitlines():
        if not line.startswith(" "):
            loops = found[line] = []
        elif line.startswith(8 * " "):
            loops[-1] += f" {line.strip()}"
        else:
            loops.append(line.strip())
    return found
