"""What the processor is to do, in LLVM's language: both convolutions and the maxima, for a column of the image.

A column is as wide as the registers take at once and goes down the image four rows of output at a time. Everything in
between (a few rows of maps) stays in the processor's cache; only pixels come from memory and only maxima go there.
"""

from __future__ import annotations

from llvmlite import ir

from MCDetect.inference.winograd.convolution import GROUPS, Layer, multiply_rows, rows_of, turn_rows
from MCDetect.inference.winograd.geometry import BLOCK, COLUMNS, MAP_COLUMNS, READ
from MCDetect.inference.winograd.machine import Lanes
from MCDetect.inference.winograd.transforms import OUTPUTS
from MCDetect.inference.winograd.words import INDEX, POINTER, Words


def layers(filters: tuple[int, int], lanes: Lanes) -> tuple[Layer, Layer]:
    """Return both convolutions of a network of so many kernels."""
    first = Layer.shared_out(1, filters[0], READ, MAP_COLUMNS, lanes)
    return first, Layer.shared_out(filters[0], filters[1], MAP_COLUMNS, COLUMNS, lanes)


def workspace(first: Layer, second: Layer) -> int:
    """Return how many numbers the function ``column`` needs to work in."""
    return sum(_parts(first, second))


def column_module(first: Layer, second: Layer, lanes: Lanes) -> ir.Module:
    """Return a module with the function ``column``.

    Its arguments: image, row stride, first kernels, first biases, second kernels, rows of maxima, maxima, stride of
    their maps, stride of their rows, workspace. Strides are in numbers; kernels as
    :func:`MCDetect.inference.winograd.transforms.transformed_kernels` returns them. The maxima are those of the second
    convolution without its bias: what is the same for all does not change which is the largest.
    """
    module = ir.Module("winograd")
    _write_column(Words(module, lanes.width), first, second)
    return module


def _parts(first: Layer, second: Layer) -> tuple[int, ...]:
    maps = GROUPS * first.outputs * OUTPUTS * MAP_COLUMNS
    upper = second.outputs * COLUMNS
    return first.transformed, first.products, maps, second.transformed, second.products, upper


def _first_maps(words: Words, layer: Layer) -> ir.Function:
    """Write: (products, biases, maps) makes four rows of the first maps, rectified."""
    function, build = words.begin("first_maps", [POINTER] * 3)
    products, biases, maps = function.args
    with words.loop(build, layer.outputs) as output:
        bias = words.spread(build, build.load(build.gep(biases, [output])))
        with words.loop(build, layer.columns, words.width) as column:
            place = build.add(build.mul(output, INDEX(layer.columns)), column)
            for number, row in enumerate(rows_of(words, build, products, layer, place)):
                rectified = words.largest(build, [build.fadd(row, bias), words.constant(0.0)])
                above = build.add(build.mul(output, INDEX(OUTPUTS)), INDEX(number))
                words.store(build, rectified, maps, build.add(build.mul(above, INDEX(layer.columns)), column))
    build.ret_void()
    return function


def _maxima(words: Words, name: str, layer: Layer, *, lower: bool) -> ir.Function:
    """Write: (products, upper, maxima, stride of maps) takes the maxima of four rows.

    Those of the upper half of a row of blocks are kept in ``upper``; with the lower half the blocks are complete.
    """
    function, build = words.begin(name, [POINTER, POINTER, POINTER, INDEX])
    products, upper, maxima, stride = function.args
    piece = max(words.width, BLOCK)
    with words.loop(build, layer.outputs) as output, words.loop(build, layer.columns, piece) as column:
        place = build.add(build.mul(output, INDEX(layer.columns)), column)
        found = []
        for offset in range(0, piece, words.width):
            here = build.add(place, INDEX(offset))
            largest = words.largest(build, rows_of(words, build, products, layer, here))
            if lower:
                found.append(words.largest(build, [largest, words.load(build, upper, here)]))
            else:
                words.store(build, largest, upper, here)
        if lower:
            largest = words.largest(build, found)
            shift = min(words.width, BLOCK) // 2
            while shift:  # after this every number is the maximum of its block
                exchanged = [lane ^ shift for lane in range(words.width)]
                largest = words.largest(build, [largest, words.shuffle(build, largest, exchanged)])
                shift //= 2
            first = build.add(build.mul(output, stride), build.udiv(column, INDEX(BLOCK)))
            for block in range(piece // BLOCK):
                value = build.extract_element(largest, ir.IntType(32)(block * BLOCK))
                build.store(value, build.gep(maxima, [build.add(first, INDEX(block))]))
    build.ret_void()
    return function


def _write_column(words: Words, first: Layer, second: Layer) -> None:
    turn_pixels, turn_maps = turn_rows(words, "turn_pixels", first), turn_rows(words, "turn_maps", second)
    multiply_pixels = multiply_rows(words, "multiply_pixels", first)
    multiply_maps = multiply_rows(words, "multiply_maps", second)
    make_first_maps = _first_maps(words, first)
    halves = [_maxima(words, name, second, lower=name == "lower") for name in ("upper", "lower")]
    arguments = [POINTER, INDEX, POINTER, POINTER, POINTER, INDEX, POINTER, INDEX, INDEX, POINTER]
    function, build = words.begin("column", arguments)
    image, row_stride, first_kernels, biases, second_kernels, count, result, map_stride, result_stride, memory = (
        function.args
    )
    places = []
    for size in _parts(first, second):
        places.append(memory)
        memory = build.gep(memory, [INDEX(size)])
    points, products, maps, map_points, map_products, upper = places
    group_stride = build.mul(row_stride, INDEX(OUTPUTS))

    def group_of_maps(number: ir.Value) -> ir.Value:
        """Write: where the first maps' group of four rows of that number is; ``GROUPS`` places take turns."""
        size = first.outputs * OUTPUTS * MAP_COLUMNS
        return build.gep(maps, [build.mul(build.urem(number, INDEX(GROUPS)), INDEX(size))])

    def make_group(number: ir.Value) -> None:
        start = build.gep(image, [build.mul(number, group_stride)])
        groups = [build.gep(start, [build.mul(group_stride, INDEX(group))]) for group in range(GROUPS)]
        build.call(turn_pixels, [*groups, row_stride, INDEX(0), points])
        build.call(multiply_pixels, [points, first_kernels, products])
        build.call(make_first_maps, [products, biases, group_of_maps(number)])

    with words.loop(build, GROUPS - 1) as number:
        make_group(number)
    with words.loop(build, count) as row:
        for half, take_maxima in enumerate(halves):
            number = build.add(build.mul(row, INDEX(BLOCK // OUTPUTS)), INDEX(half))
            make_group(build.add(number, INDEX(GROUPS - 1)))
            groups = [group_of_maps(build.add(number, INDEX(group))) for group in range(GROUPS)]
            build.call(turn_maps, [*groups, INDEX(MAP_COLUMNS), INDEX(OUTPUTS * MAP_COLUMNS), map_points])
            build.call(multiply_maps, [map_points, second_kernels, map_products])
            build.call(
                take_maxima, [map_products, upper, build.gep(result, [build.mul(row, result_stride)]), map_stride]
            )
    build.ret_void()
