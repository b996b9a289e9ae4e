"""Networks as OpenVINO runs them: graphs made of weights; arrays in, arrays out.

- A call works on the thread that makes it and on no other: answers then do not hang on the number of threads, and
  frames run side by side anyway.
- Convolutions run in the number type of `machine.number_type`; what lies between the last of them and the answers, and
  all that it is made of, stays in float32.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NoReturn

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import WeightsError
from vidcolor.machine import number_type
from vidcolor.networks.layers import Value
from vidcolor.threads import cores
from vidcolor.weights import first_line, library

SIDE_BY_SIDE = 8
"""Calls of one network that run at the same time, at most: each costs the memory of what is held on the way."""
CORES_EACH = 2
"""Cores for each of them: no network is more than a third of the work on a frame, so one is seldom waited for."""
EPSILON = 1e-5
"""Added to variances by group norm."""
LEAST = 1e-24
"""Least square of a length that is divided by."""
HINTS = {"bfloat16": "bf16", "float32": "f32"}
ROWS_COLUMNS = np.array([2, 3])
AGAIN = "install vidcolor again"
TELEMETRY = "openvino_telemetry"


class Graph:
    """layers.py's operations as nodes of a graph, with the weights of one network."""

    def __init__(self, weights: Mapping[str, Array], place: str) -> None:
        """
        weights  every tensor of the network, by its name
        place    the file that they are of, for errors
        """
        self._ops: Any = _openvino().opset13
        self._weights, self._left, self._place = weights, set(weights), place
        self._given: list[Value] = []

    def given(self, *shape: int) -> Value:
        """What the network is given next: an array of this shape, -1 for any number."""
        self._given.append(self._ops.parameter(list(shape), np.float32))
        return self._given[-1]

    def made(self, answers: Sequence[Value]) -> Network:
        """The network that is given all of `given` and answers these. Refuses weights that it has no use for."""
        if self._left:
            self._refuse(f"{min(self._left)} is too much")
        return Network(answers, self._given, number_type())

    def _weight(self, name: str, *shape: int) -> Value:
        found = self._weights.get(name)
        if found is None or found.shape != shape:
            told = "is missing" if found is None else f"is {found.shape} in place of {shape}"
            self._refuse(f"{name} {told}")
        self._left.discard(name)
        return self._constant(found.astype(np.float32))

    def _refuse(self, why: str) -> NoReturn:
        raise WeightsError(f"{self._place}: its weights do not fit its config: {why}; {AGAIN}")

    def _constant(self, value: Array) -> Value:
        return self._ops.constant(np.ascontiguousarray(value))

    def number(self, value: float) -> Value:
        # a bare number would be taken as float64, which nothing here is
        return self._constant(np.array(value, np.float32))

    def buffer(self, name: str, width: int) -> Value:
        return self._ops.reshape(self._weight(name, width), [1, width, 1, 1], special_zero=False)

    def conv(
        self,
        name: str,
        x: Value,
        outputs: int,
        size: int,
        *,
        stride: int = 1,
        pad: int | None = None,
        groups: int = 1,
        bias: bool = True,
    ) -> Value:
        weight = self._weight(f"{name}.weight", outputs, _channels(x) // groups, size, size)
        edge = [size // 2 if pad is None else pad] * 2
        convolve = self._ops.convolution
        if groups > 1:
            each = [groups, outputs // groups, _channels(x) // groups, size, size]
            weight, convolve = self._ops.reshape(weight, each, special_zero=False), self._ops.group_convolution
        y = convolve(x, weight, [stride] * 2, edge, edge, [1, 1])
        return y + self.buffer(f"{name}.bias", outputs) if bias else y

    def linear(self, name: str, x: Value, outputs: int, *, bias: bool = True) -> Value:
        weight = self._weight(f"{name}.weight", outputs, _channels(x))
        weight = self._ops.unsqueeze(weight, self._constant(ROWS_COLUMNS))
        y = self._ops.convolution(x, weight, [1, 1], [0, 0], [0, 0], [1, 1])
        return y + self.buffer(f"{name}.bias", outputs) if bias else y

    def norm(self, name: str, x: Value, groups: int) -> Value:
        width = _channels(x)
        weight, bias = (self._weight(f"{name}.{part}", width) for part in ("weight", "bias"))
        return self._ops.group_normalization(x, weight, bias, groups, EPSILON)

    def relu(self, x: Value) -> Value:
        return self._ops.relu(x)

    def silu(self, x: Value) -> Value:
        return self._ops.swish(x)

    def clamp(self, x: Value, least: float, most: float) -> Value:
        return self._ops.clamp(x, least, most)

    def log(self, x: Value) -> Value:
        return self._ops.log(x)

    def exp(self, x: Value) -> Value:
        return self._ops.exp(x)

    def below(self, x: Value, bound: float) -> Value:
        return self._ops.convert(self._ops.less(x, self.number(bound)), "f32")

    def total(self, x: Value) -> Value:
        return self._ops.reduce_sum(x, self._constant(np.array([1])), keep_dims=True)

    def softmax(self, x: Value) -> Value:
        return self._ops.softmax(x, 1)

    def unit(self, x: Value) -> Value:
        return self._ops.normalize_l2(x, self._constant(np.array([1])), LEAST, "max")

    def wide(self, x: Value) -> Value:
        return x

    def joined(self, parts: Sequence[Value]) -> Value:
        return self._ops.concat(list(parts), 1)

    def part(self, x: Value, first: int, behind: int) -> Value:
        first_, behind_, step, axis = (self._constant(np.array([n])) for n in (first, behind, 1, 1))
        return self._ops.slice(x, first_, behind_, step, axis)

    def twice(self, x: Value, *, smooth: bool = True) -> Value:
        scales, axes = self._constant(np.array([2, 2], np.float32)), self._constant(ROWS_COLUMNS)
        how = (
            {"coordinate_transformation_mode": "half_pixel"}
            if smooth
            else {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        )
        return self._ops.interpolate(x, scales, "linear_onnx" if smooth else "nearest", "scales", axes=axes, **how)

    def grown(self, x: Value, multiple: int) -> Value:
        size = self._size(x)
        return self._grown_by(x, self._up(size, multiple) * self._whole(multiple) - size)

    def grown_to(self, x: Value, other: Value) -> Value:
        return self._grown_by(x, self._size(other) - self._size(x))

    def cut(self, x: Value, other: Value, stride: int = 1) -> Value:
        none, one, axes = (self._constant(n) for n in (np.zeros(2, np.int64), np.ones(2, np.int64), ROWS_COLUMNS))
        return self._ops.slice(x, none, self._up(self._size(other), stride), one, axes)

    def folded(self, x: Value, side: int) -> Value:
        return self._ops.space_to_depth(x, "depth_first", side)

    def unfolded(self, x: Value, side: int) -> Value:
        return self._ops.depth_to_space(x, "depth_first", side)

    def attention(self, x: Value, heads: int) -> Value:
        ops, width = self._ops, _channels(x) // 3
        parts = (self.part(x, n * width, (n + 1) * width) for n in range(3))
        shape = self._constant(np.array([1, heads, width // heads, -1]))
        query, key, value = (ops.reshape(part, shape, special_zero=False) for part in parts)
        scores = ops.matmul(query, key, True, False) / self.number((width // heads) ** 0.5)
        seen = ops.matmul(value, ops.softmax(scores, 3), False, True)
        whole = ops.concat([self._constant(np.array([1, width])), self._size(x)], 0)
        return ops.reshape(seen, whole, special_zero=False)

    def innermost(self, x: Value) -> Value:
        """(B, h, w, C) of (B, C, h, w)."""
        return self._ops.transpose(x, self._constant(np.array([0, 2, 3, 1])))

    def outermost(self, x: Value) -> Value:
        """The way back."""
        return self._ops.transpose(x, self._constant(np.array([0, 3, 1, 2])))

    def _size(self, x: Value) -> Value:
        return self._ops.gather(self._ops.shape_of(x), self._constant(ROWS_COLUMNS), self._constant(np.array(0)))

    def _whole(self, value: int) -> Value:
        return self._constant(np.array(value, np.int64))

    def _up(self, size: Value, stride: int) -> Value:
        """Sides over a stride, rounded up."""
        return self._ops.divide(size + self._whole(stride - 1), self._whole(stride))

    def _grown_by(self, x: Value, more: Value) -> Value:
        behind = self._ops.concat([self._constant(np.zeros(2, np.int64)), more], 0)
        return self._ops.pad(x, self._constant(np.zeros(4, np.int64)), behind, "edge")


class Network:
    """A graph made ready; may be called by several threads at once."""

    def __init__(self, answers: Sequence[Value], given: Sequence[Value], numbers: str) -> None:
        ov = _openvino()
        streams = min(SIDE_BY_SIDE, -(-cores() // CORES_EACH))
        ways = {
            "INFERENCE_PRECISION_HINT": HINTS[numbers],
            "INFERENCE_NUM_THREADS": streams,
            "NUM_STREAMS": streams,
            "ENABLE_CPU_PINNING": False,
        }
        try:
            self._ready = _core().compile_model(ov.Model(list(answers), list(given), ""), "CPU", ways)
        except RuntimeError as error:
            raise WeightsError(f"OpenVINO makes no network here ({first_line(error)}); {AGAIN}") from error
        self._own = threading.local()

    def __call__(self, *given: Array) -> list[Array]:
        """What the network answers, in arrays of the caller's."""
        if not hasattr(self._own, "request"):
            self._own.request = self._ready.create_infer_request()
        whole = [np.require(array, np.float32, "C") for array in given]
        answers = self._own.request.infer(whole, share_inputs=True, share_outputs=True)
        return [answers[n].copy() for n in range(len(answers))]  # the next call writes over its own


def products(a: Array, b: Array) -> Array:
    """(N, M): inner products of the rows of (N, C) with those of (M, C), float32.

    The same bytes whatever the number of threads, which NumPy's are not.
    """
    return _products()(a, b)[0]


@cache
def _products() -> Network:
    ops: Any = _openvino().opset13
    a, b = (ops.parameter([-1, -1], np.float32) for _ in range(2))
    return Network([ops.matmul(a, b, False, True)], [a, b], "float32")


@cache
def _core() -> Any:
    return _openvino().Core()


@cache
def _openvino() -> Any:
    """OpenVINO, brought in so that it tells nobody: where openvino-telemetry is installed, and pip installs it, the
    import alone writes into the user's home and sends a report over the network."""
    before = sys.modules.get(TELEMETRY)
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
    try:
        return library("openvino", AGAIN)
    finally:
        del sys.modules[TELEMETRY]
        if before is not None:
            sys.modules[TELEMETRY] = before


def _channels(x: Value) -> int:
    return int(x.output(0).get_partial_shape()[1].get_length())
