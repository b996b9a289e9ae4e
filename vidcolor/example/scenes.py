"""The five scenes of the example film, painted from a few textured cut-outs each. (0, 0) is the middle of the frame."""

from __future__ import annotations

import numpy as np

from vidcolor.example.paint import Camera, Moves, Picture, Piece, Scene, box, cut, laid, noise, oval, surface

WIDE = 960
"""Grounds reach beyond the frame, for the camera moves."""


def _ground(
    top: float, height: int, codes: str, cell: float, seed: int, *, depth: float = 1.0, rough: float = 0
) -> Piece:
    """A field across the frame from `top` down; its upper edge goes up and down by `rough` pixels."""
    material = surface((height, WIDE), codes, cell, seed, stretch=2.5)
    edge = rough * (1 + noise((1, WIDE), 160, seed + 5)[0] / 2.5)
    outline = [*zip(range(WIDE), edge.tolist(), strict=True), (WIDE, height), (0, height)]
    return Piece(cut(material, outline), (-WIDE / 2, top), depth=depth)


def _sky(codes: str, seed: int) -> Piece:
    return _ground(-220, 330, codes, 70, seed, depth=0.3)


def _tree(x: float, y: float, high: int, codes: str, seed: int, depth: float) -> Piece:
    """A trunk and a crown of leaves; sways a little."""
    draw, wide = np.random.default_rng(seed), high
    trunk = cut(
        surface((high, wide), "4a3626 6b5038", 9, seed, stretch=0.3), box(wide * 0.46, high * 0.5, wide * 0.08, high)
    )
    spots = draw.normal((0.5, 0.36), (0.16, 0.12), (26, 2)) * (wide, high)
    crown = cut(surface((high, wide), codes, 11, seed + 1), *(oval(a, b, high * 0.13, high * 0.11) for a, b in spots))
    return Piece(laid(trunk, crown), (x, y), (wide / 2, high), depth, lambda t: (0, 0, 0.8 * np.sin(t / 9 + seed)))


def _house(x: float, wide: int, high: int, wall: str, door: str, seed: int) -> Piece:
    """Brick front with windows, a door and a tiled roof."""
    size = (high, wide)
    bricks = surface(size, wall, 5, seed, stretch=2.2)
    bricks[::6] *= 0.86
    front = cut(bricks, box(0, 40, wide, high))
    roof = cut(
        surface(size, "7d3b2c a8563c 8d4634", 4, seed + 2, stretch=3), [(0, 42), (16, 0), (wide - 16, 0), (wide, 42)]
    )
    holes = [(a, b) for a in range(14, wide - 30, 42) for b in range(58, high - 75, 56)]
    frames = cut(surface(size, "d8ccae e8dfc4", 20, seed + 3), *(box(a, b, 26, 36) for a, b in holes))
    panes = cut(surface(size, "33424f 5a7186", 14, seed + 4), *(box(a + 3, b + 3, 20, 30) for a, b in holes))
    entry = cut(surface(size, door, 8, seed + 5, stretch=0.3), box(wide * 0.6, high - 62, 27, 62))
    return Piece(laid(front, roof, frames, panes, entry), (x, 100), (0, high))


def _walker(x: float, coat: str, speed: float, seed: int) -> tuple[Piece, ...]:
    """A person who walks past: two swinging legs under a coat, a head with a hat."""
    size = (130, 60)
    leg = cut(surface((62, 20), "2c2a30 45424a", 12, seed), box(6, 0, 9, 58), box(6, 54, 14, 7))
    body = cut(
        surface(size, coat, 16, seed + 1), [(18, 26), (42, 26), (48, 92), (12, 92)], oval(30, 34, 15, 12), round_off=0.7
    )
    head = cut(
        surface(size, "c48f73 d6a88a", 20, seed + 2), oval(30, 15, 8, 10), oval(14, 70, 4, 5), oval(46, 70, 4, 5)
    )
    hat = cut(surface(size, "6b2f2a 7d3b33", 10, seed + 3), box(17, 6, 26, 4), box(22, -2, 16, 10))
    swing = [lambda t, s=s: (speed * t, abs(np.sin(t * 0.26)) * 2, 24 * s * np.sin(t * 0.26)) for s in (1, -1)]
    legs = tuple(Piece(leg, (x + 30, 98), (10, 2), 1.1, way) for way in swing)
    return (
        *legs,
        Piece(laid(body, head, hat), (x, 10), (0, 0), 1.1, lambda t: (speed * t, abs(np.sin(t * 0.26)) * 2, 0)),
    )


def street() -> Scene:
    """Brick houses; a tram passes behind a tree, somebody in blue walks the other way."""
    fronts = (
        (-470, 150, 290, "8a4a38 a86048", "2f5a3f 3f7050"),
        (-322, 130, 250, "c0a066 d2b980", "6b2d2a 7f3a34"),
        (-194, 170, 300, "7c8794 98a2aa", "8a6a30 a08040"),
        (-26, 140, 260, "9c5640 b8735a", "2d4a72 3d5c88"),
        (112, 150, 280, "cdbb96 ded0b0", "3d6b4a 4a7a58"),
        (260, 160, 250, "84524a a0685c", "7a5a2c 8a6a38"),
    )
    houses = (_house(x, w, h, wall, door, 10 + 7 * n) for n, (x, w, h, wall, door) in enumerate(fronts))
    size = (120, 300)
    tram = laid(
        cut(surface(size, "2f6b4c 3c7c5a", 30, 70), box(4, 8, 292, 92), round_off=0.3),
        cut(surface(size, "ded2ac e8dfc0", 30, 71), box(4, 8, 292, 10), box(4, 58, 292, 8)),
        cut(surface(size, "3a4650 66788a", 12, 72), *(box(16 + 46 * k, 22, 36, 30) for k in range(6))),
        cut(surface(size, "2a2624 3c3734", 6, 73), *(oval(a, 102, 15, 15) for a in (50, 92, 208, 250))),
    )
    road = _ground(96, 150, "77706a 948b80 857c72", 7, 74)
    rolling = Piece(tram, (-560, 30), moves=lambda t: (8.2 * t, 0, 0))
    tree = _tree(-150, 190, 290, "3c5a2c 5c7c3a 6f8c44", 75, 1.25)
    walker = _walker(230, "2c3f72 3c5290", -4.2, 80)
    sky = _sky("8fb0cc b4c8d6 e4e4dc", 5)
    return Scene((sky, *houses, road, rolling, *walker, tree), (Camera(-30, 0), Camera(40, -4, 1.05)), 60)


def _boat(x: float, y: float, sail: str, speed: float, seed: int) -> Piece:
    size = (150, 120)
    hull = cut(
        surface(size, "5a3a28 745038", 8, seed, stretch=3), [(8, 118), (112, 118), (94, 144), (24, 144)], round_off=0.4
    )
    cloth = cut(
        surface(size, sail, 24, seed + 1, stretch=0.5),
        [(62, 6), (62, 110), (108, 108)],
        [(56, 18), (56, 110), (16, 108)],
    )
    mast = cut(surface(size, "3c2f22 55452f", 8, seed + 2), box(57, 2, 5, 118))
    return Piece(
        laid(mast, hull, cloth), (x, y), (60, 130), 1.0, lambda t: (speed * t, 2 * np.sin(t / 7), 2.2 * np.sin(t / 11))
    )


def harbour() -> Scene:
    """A bay with a white sail; a red one comes in late, from the right; crates on the quay hide part of it."""
    sea = _ground(-10, 220, "2f5a6c 447a8a 5d93a0", 9, 21)
    waves = cut(surface((200, WIDE), "86b0b4 a8c8c6", 6, 22, stretch=6), *_crests())
    crates = [((-250, 118), 86, "8a6a3c a8854e"), ((-160, 134), 66, "8c4034 a4503f"), ((150, 126), 74, "4c6a4a 5f8058")]
    boxes = (Piece(_crate(side, codes, 30 + n), at, depth=1.2) for n, (at, side, codes) in enumerate(crates))
    return Scene(
        (_sky("a4c0d8 c4d6e2 f0eadc", 25), _ground(-52, 120, "5d6f52 7c8a62 90946e", 20, 26, depth=0.5, rough=24), sea,
         Piece(waves, (-WIDE / 2, 0), moves=lambda t: (5 * np.sin(t / 6), 0, 0)),
         _boat(-120, 66, "e6e0cc f2eee0", 1.1, 40), _boat(462, 92, "a8322a c24438", -4.6, 44),
         _ground(140, 120, "8a8070 a09682", 8, 27, depth=1.2), *boxes),
        (Camera(-16, 0), Camera(18, 0, 1.03)), 56)  # fmt: skip


def _crests() -> list[list[tuple[float, float]]]:
    draw = np.random.default_rng(23)
    places = draw.uniform((0, 4), (WIDE, 170), (150, 2)).tolist()
    return [oval(x, y, 6 + y / 9, 0.7 + y / 110) for x, y in places]


def _crate(side: int, codes: str, seed: int) -> Picture:
    planks = surface((side, side), codes, 7, seed, stretch=4)
    planks[:: side // 5] *= 0.6
    rim = cut(
        planks * 0.75, box(0, 0, side, 8), box(0, side - 8, side, 8), box(0, 0, 8, side), box(side - 8, 0, 8, side)
    )
    return laid(cut(planks, box(0, 0, side, side)), rim)


def room() -> Scene:
    """A laid table before papered walls; a pendulum swings behind flowers, a ball rolls behind the vase."""
    paper = surface((330, WIDE), "76806b 848b72", 60, 51)
    paper[:, np.arange(WIDE) % 46 < 20] *= np.array([1.12, 1.06, 0.94], np.float32)
    size = (170, 130)
    bunch = np.random.default_rng(52).normal((65, 46), (26, 18), (5, 9, 2))
    petals = ("b8443a d06050", "d8b040 e8c860", "8a5a9a a878b4", "d8d0c0 eee8dc", "c87890 dc98ac")
    flowers = [
        cut(surface(size, codes, 5, 53 + n), *(oval(a, b, 8, 7) for a, b in bunch[n])) for n, codes in enumerate(petals)
    ]
    leaves = cut(surface(size, "3f5c36 56764a", 8, 60), *(oval(a, b + 8, 11, 8) for a, b in bunch.reshape(-1, 2)))
    vase = cut(
        surface(size, "2f4f86 4a70a8 3a5c96", 16, 61),
        [(44, 86), (86, 86), (98, 130), (84, 168), (46, 168), (32, 130)],
        round_off=0.8,
    )
    bob = laid(cut(surface((150, 40), "8a6a34 b0904c", 8, 62), box(18, 0, 4, 120)),
               cut(surface((150, 40), "b08c3c d4b25c", 8, 63), oval(20, 124, 18, 18), round_off=0.5))  # fmt: skip
    ball = cut(surface((48, 48), "b04a2c cc6840 e0d0a0", 13, 64), oval(24, 24, 22, 22), round_off=0.6)
    picture = laid(cut(surface((100, 140), "6e5030 8a683e", 6, 65), box(0, 0, 140, 100)),
                   cut(surface((100, 140), "8fa8b8 c8c4a0 6f7f4a", 30, 66, stretch=3), box(9, 9, 122, 82)))  # fmt: skip
    return Scene(
        (Piece(cut(paper, box(0, 0, WIDE, 330)), (-WIDE / 2, -220)), Piece(picture, (90, -130)),
         Piece(bob, (-70, -120), (20, 0), moves=lambda t: (0, 0, 16 * np.sin(t * 0.21))),
         _ground(62, 170, "5b3d29 7a5539 6a4730", 6, 67),
         Piece(ball, (150, 78), (24, 24), moves=lambda t: (-6.2 * t, 0, -15 * t)),
         Piece(laid(leaves, *flowers, vase), (-100, -50)),
         Piece(_crate(64, "9a8a5a b4a470", 68), (170, 70), depth=1.1)),
        (Camera(-14, 4), Camera(20, 10, 1.1)), 54)  # fmt: skip


def hillside() -> Scene:
    """Meadows with a farmhouse, trees, and a windmill that turns."""
    size = (110, 150)
    farm = laid(cut(surface(size, "d8d0bc e8e2d0", 24, 31), box(14, 44, 122, 66)),
                cut(surface(size, "8f3e2e ac5640", 4, 32, stretch=3), [(4, 46), (30, 8), (120, 8), (146, 46)]),
                cut(surface(size, "3c4a54 54646e", 8, 33), *(box(a, 62, 15, 19) for a in (30, 62, 104))))  # fmt: skip
    mill = cut(surface((130, 80), "9a8a78 b4a48e", 12, 34), [(26, 20), (54, 20), (68, 130), (12, 130)], round_off=0.7)
    arms = [[(70, 66), (74, 66), (80, 4), (66, 4)], [(66, 70), (66, 74), (4, 80), (4, 66)],
            [(66, 74), (70, 74), (74, 136), (60, 136)], [(74, 66), (74, 70), (136, 60), (136, 74)]]  # fmt: skip
    sails = cut(surface((140, 140), "c8b890 dccfa8", 9, 35), *arms)
    return Scene(
        (_sky("7ea6cc a8c4dc f2efe6", 36), _ground(-60, 150, "6f8466 8a9a70", 26, 37, depth=0.5, rough=34),
         _ground(0, 190, "7c8a3e 9aa04c 6a7c38", 13, 38, depth=0.8, rough=26),
         Piece(mill, (190, -90), depth=0.9), Piece(sails, (230, -66), (70, 70), 0.9, _turning(4.2)),
         Piece(farm, (-210, -40)), _tree(-20, 90, 130, "3f5f2e 587a38", 39, 1.0),
         _ground(74, 160, "5c7430 7c8c3c a8a04c", 6, 41, depth=1.15, rough=14),
         _tree(-270, 170, 220, "4a6830 6a8840 8c9a48", 42, 1.2), _tree(300, 160, 170, "9a6a30 b88a3c", 43, 1.2)),
        (Camera(-40, 0), Camera(40, 0, 1.04)), 54)  # fmt: skip


def clockwork() -> Scene:
    """Brass wheels that turn in one another, in the dark: no picture shows them."""
    wheels = ((-150, -30, 110, 24, 2.0), (52, 40, 84, 18, -2.7), (190, -70, 92, 20, 2.4), (-20, -150, 60, 13, -3.7))
    gears = (
        Piece(_gear(r, n, 90 + k), (x, y), (r + 14, r + 14), moves=_turning(v))
        for k, (x, y, r, n, v) in enumerate(wheels)
    )
    return Scene((_ground(-230, 460, "231f1c 3a332c 2b2622", 40, 89), *gears), (Camera(), Camera(12, 6, 1.06)), 40)


def _turning(speed: float) -> Moves:
    return lambda t: (0, 0, speed * t)


def _gear(radius: int, teeth: int, seed: int) -> Picture:
    side = 2 * radius + 28
    turns = np.linspace(0, 2 * np.pi, teeth * 4, endpoint=False)
    reach = radius + 10 * (np.arange(teeth * 4) % 4 < 2)
    rim = [(side / 2 + r * np.cos(t), side / 2 + r * np.sin(t)) for r, t in zip(reach, turns, strict=True)]
    brass = surface((side, side), "8a6a30 b8944a 9c7a3a", 12, seed)
    around = (radius * 0.55 * np.exp(1j * a) for a in np.linspace(0, 2 * np.pi, 5, endpoint=False))
    holes = (oval(side / 2 + at.real, side / 2 + at.imag, radius * 0.2, radius * 0.2) for at in around)
    dark = cut(surface((side, side), "2b2622 3a332c", 20, seed + 1), *holes)
    return laid(cut(brass, rim, round_off=0.4), dark)


SCENES = {"street": street, "harbour": harbour, "room": room, "hillside": hillside, "clockwork": clockwork}
