"""Words of LLVM's language that the convolutions are written with: loops, registers of numbers, sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from llvmlite import ir

FLOAT, INDEX = ir.FloatType(), ir.IntType(64)
POINTER = FLOAT.as_pointer()


class Words:
    """What instructions on registers of ``width`` numbers are made of.

    Parameters
    ----------
    module
        Where functions are declared.
    width
        Numbers a register.
    """

    def __init__(self, module: ir.Module, width: int) -> None:
        self.module = module
        self.width = width
        self.vector = ir.VectorType(FLOAT, width)
        self._multiply_add = self._intrinsic("fmuladd", 3)
        self._larger = self._intrinsic("maxnum", 2)

    def _intrinsic(self, name: str, arguments: int) -> ir.Function:
        kind = ir.FunctionType(self.vector, [self.vector] * arguments)
        return ir.Function(self.module, kind, f"llvm.{name}.v{self.width}f32")

    def begin(self, name: str, arguments: Sequence[ir.Type]) -> tuple[ir.Function, ir.IRBuilder]:
        """Begin a function that returns nothing, whose pointers point to different memory."""
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), arguments), name)
        for argument in function.args:
            if argument.type == POINTER:
                argument.add_attribute("noalias")
        return function, ir.IRBuilder(function.append_basic_block())

    @contextmanager
    def loop(self, build: ir.IRBuilder, stop: int | ir.Value, step: int = 1) -> Iterator[ir.Value]:
        """Write a loop from 0 to ``stop``, which is at least 1, and yield its counter."""
        entry, body = build.block, build.append_basic_block()
        build.branch(body)
        build.position_at_end(body)
        counter = build.phi(INDEX)
        counter.add_incoming(INDEX(0), entry)
        yield counter
        following = build.add(counter, INDEX(step))
        counter.add_incoming(following, build.block)
        end = build.append_basic_block()
        limit = INDEX(stop) if isinstance(stop, int) else stop
        build.cbranch(build.icmp_signed("<", following, limit), body, end)
        build.position_at_end(end)

    def load(self, build: ir.IRBuilder, pointer: ir.Value, place: ir.Value) -> ir.Value:
        """Write: the register of numbers from ``place`` of ``pointer`` on."""
        return build.load(build.bitcast(build.gep(pointer, [place]), self.vector.as_pointer()), align=4)

    def store(self, build: ir.IRBuilder, value: ir.Value, pointer: ir.Value, place: ir.Value) -> None:
        """Write: ``value`` goes to ``place`` of ``pointer`` and on."""
        build.store(value, build.bitcast(build.gep(pointer, [place]), self.vector.as_pointer()), align=4)

    def constant(self, value: float) -> ir.Constant:
        """Return a register full of ``value``."""
        return ir.Constant(self.vector, [value] * self.width)

    def shuffle(self, build: ir.IRBuilder, value: ir.Value, lanes: list[int]) -> ir.Value:
        """Write: the numbers of ``value`` in another order."""
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.width), lanes)
        return build.shuffle_vector(value, ir.Constant(self.vector, ir.Undefined), order)

    def spread(self, build: ir.IRBuilder, number: ir.Value) -> ir.Value:
        """Write: a register full of ``number``."""
        single = build.insert_element(ir.Constant(self.vector, ir.Undefined), number, ir.IntType(32)(0))
        return self.shuffle(build, single, [0] * self.width)

    def multiply_add(self, build: ir.IRBuilder, factor: ir.Value, value: ir.Value, total: ir.Value) -> ir.Value:
        """Write: ``factor * value + total``."""
        return build.call(self._multiply_add, [factor, value, total])

    def largest(self, build: ir.IRBuilder, values: list[ir.Value]) -> ir.Value:
        """Write: the largest of ``values``, number by number."""
        largest, *others = values
        for other in others:
            largest = build.call(self._larger, [largest, other])
        return largest

    def combine(self, build: ir.IRBuilder, values: Sequence[ir.Value], factors: Sequence[int]) -> ir.Value:
        """Write the sum of ``values`` times ``factors``, beginning with what is taken as it is."""
        total: ir.Value | None = None
        for factor, value in sorted(
            ((factor, value) for factor, value in zip(factors, values, strict=True) if factor),
            key=lambda term: (term[0] != 1, abs(term[0])),
        ):
            if total is None:
                total = value if factor == 1 else build.fmul(value, self.constant(float(factor)))
            elif abs(factor) == 1:
                total = build.fadd(total, value) if factor == 1 else build.fsub(total, value)
            else:
                total = self.multiply_add(build, self.constant(float(factor)), value, total)
        assert total is not None
        return total
