"""A convolution by minimal filtering in LLVM's language: rows to points, products in registers, points to rows."""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from MCDetect.inference.winograd.geometry import KERNEL
from MCDetect.inference.winograd.machine import Lanes
from MCDetect.inference.winograd.transforms import INPUT_TRANSFORM, OUTPUT_TRANSFORM, OUTPUTS, POINTS, TAPS
from MCDetect.inference.winograd.words import INDEX, POINTER, Words

ROWS = OUTPUTS + KERNEL - 1
"""Rows of input that four rows of output are computed from."""

GROUPS = ROWS // OUTPUTS
"""The same in groups of four rows."""

_FILTERS = KERNEL // TAPS


@dataclass(frozen=True)
class Layer:
    """A convolution: how many maps it takes and makes, and how its products are shared out to registers.

    Attributes
    ----------
    inputs, outputs
        Number of maps.
    read, columns
        Columns of the maps it takes and of those it makes; between them lies more than its reach, so that both are
        whole registers.
    together, vectors
        Maps, and registers of each, that are added up at once.
    """

    inputs: int
    outputs: int
    read: int
    columns: int
    together: int
    vectors: int

    @staticmethod
    def shared_out(inputs: int, outputs: int, read: int, columns: int, lanes: Lanes) -> Layer:
        """Return the layer with as many sums in registers as leave a few for what is multiplied."""
        most = lanes.registers - (8 if lanes.registers >= 32 else 4)
        available = columns // lanes.width
        together, vectors = max(
            (
                (maps, registers)
                for maps in range(1, outputs + 1)
                for registers in range(1, available + 1)
                if outputs % maps == 0 and available % registers == 0 and maps * registers <= most
            ),
            # Each step loads `registers` vectors and `maps` numbers for `maps * registers` products.
            key=lambda shape: (shape[0] * shape[1], -abs(shape[0] - 2 * shape[1])),
        )
        return Layer(inputs, outputs, read, columns, together, vectors)

    @property
    def depth(self) -> int:
        """Rows of transformed input, each of ``read`` numbers, that a point needs."""
        return _FILTERS * self.inputs

    @property
    def transformed(self) -> int:
        """Numbers of the transformed rows of its input."""
        return POINTS * self.depth * self.read

    @property
    def products(self) -> int:
        """Numbers of the products of all its maps."""
        return POINTS * self.outputs * self.columns


def turn_rows(words: Words, name: str, layer: Layer) -> ir.Function:
    """Write: (pointers to groups of four rows, row stride, map stride, result) turns rows into points."""
    function, build = words.begin(name, [POINTER] * GROUPS + [INDEX, INDEX, POINTER])
    *groups, row_stride, plane_stride, result = function.args
    with words.loop(build, layer.inputs) as plane, words.loop(build, layer.read, words.width) as column:
        start = build.add(build.mul(plane, plane_stride), column)
        rows = []
        for row in range(ROWS):
            place = build.add(start, build.mul(row_stride, INDEX(row % OUTPUTS)))
            rows.append(words.load(build, groups[row // OUTPUTS], place))
        for part in range(_FILTERS):
            for point, factors in enumerate(INPUT_TRANSFORM):
                value = words.combine(build, rows[TAPS * part : TAPS * part + POINTS], factors)
                first = INDEX((point * _FILTERS + part) * layer.inputs * layer.read)
                place = build.add(first, build.add(build.mul(plane, INDEX(layer.read)), column))
                words.store(build, value, result, place)
    build.ret_void()
    return function


def _sums(words: Words, name: str, layer: Layer) -> ir.Function:
    """Write: (transformed rows, kernels, products) adds up the products of one point for ``layer.together`` maps.

    All sums stay in registers until the end. This is where nearly all of the time goes.
    """
    function, build = words.begin(name, [POINTER] * 3)
    rows, kernels, result = function.args
    entry, body, end = build.block, function.append_basic_block(), function.append_basic_block()
    build.branch(body)
    build.position_at_end(body)
    step = build.phi(INDEX)
    step.add_incoming(INDEX(0), entry)
    places = [(output, vector) for output in range(layer.together) for vector in range(layer.vectors)]
    begun = {place: build.phi(words.vector) for place in places}
    for value in begun.values():
        value.add_incoming(words.constant(0.0), entry)
    sums: dict[tuple[int, int], ir.Value] = dict(begun)
    row = build.mul(step, INDEX(layer.read))
    kernel = build.mul(step, INDEX(KERNEL * layer.together))
    for tap in range(KERNEL):
        values = [
            words.load(build, rows, build.add(row, INDEX(tap + vector * words.width)))
            for vector in range(layer.vectors)
        ]
        for output in range(layer.together):
            place = build.gep(kernels, [build.add(kernel, INDEX(tap * layer.together + output))])
            factor = words.spread(build, build.load(place))
            for vector, value in enumerate(values):
                sums[output, vector] = words.multiply_add(build, factor, value, sums[output, vector])
    following = build.add(step, INDEX(1))
    step.add_incoming(following, body)
    for place, value in begun.items():
        value.add_incoming(sums[place], body)
    build.cbranch(build.icmp_signed("<", following, INDEX(layer.depth)), body, end)
    build.position_at_end(end)
    for output, vector in places:
        words.store(build, sums[output, vector], result, INDEX(output * layer.columns + vector * words.width))
    build.ret_void()
    return function


def multiply_rows(words: Words, name: str, layer: Layer) -> ir.Function:
    """Write: (transformed rows, kernels, products) computes the products of all points and maps."""
    sums = _sums(words, f"{name}_registers", layer)
    function, build = words.begin(name, [POINTER] * 3)
    rows, kernels, result = function.args
    with words.loop(build, layer.outputs // layer.together) as group, words.loop(build, POINTS) as point:
        number = build.add(build.mul(group, INDEX(POINTS)), point)
        kernel = build.gep(kernels, [build.mul(number, INDEX(layer.depth * KERNEL * layer.together))])
        from_row = build.mul(point, INDEX(layer.depth * layer.read))
        to_row = build.add(
            build.mul(point, INDEX(layer.outputs * layer.columns)),
            build.mul(group, INDEX(layer.together * layer.columns)),
        )
        with words.loop(build, layer.columns, layer.vectors * words.width) as column:
            first, last = build.gep(rows, [build.add(from_row, column)]), build.gep(result, [build.add(to_row, column)])
            build.call(sums, [first, kernel, last])
    build.ret_void()
    return function


def rows_of(words: Words, build: ir.IRBuilder, products: ir.Value, layer: Layer, place: ir.Value) -> list[ir.Value]:
    """Write: the four rows of output at ``place`` of a plane of products."""
    plane = layer.outputs * layer.columns
    points = [words.load(build, products, build.add(place, INDEX(point * plane))) for point in range(POINTS)]
    return [words.combine(build, points, factors) for factors in OUTPUT_TRANSFORM]
