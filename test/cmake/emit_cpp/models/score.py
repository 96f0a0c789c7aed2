"""Payload generator: two dense layers with random weights."""

import itertools
import random

from mlir import ir

SIZES = (4, 8, 2)


def layers(seed):
    """Weights and biases by layer, row-major."""
    source = random.Random(seed)
    return [
        ([source.uniform(-1, 1) for _ in range(m * n)], [source.uniform(-1, 1) for _ in range(n)])
        for m, n in itertools.pairwise(SIZES)
    ]


def create_payload(seed=1):
    def constant(values, shape):
        attribute = ir.DenseElementsAttr.get([ir.FloatAttr.get_f32(value) for value in values], tensor(shape))
        return f"arith.constant {attribute}"

    def tensor(shape):
        return ir.RankedTensorType.get(shape, ir.F32Type.get())

    body = []
    x, rows = "%x", tensor([1, SIZES[0]])
    for number, (weights, bias) in enumerate(layers(seed)):
        m, n = SIZES[number : number + 2]
        out = tensor([1, n])
        body += [
            f"%w{number} = {constant(weights, [m, n])}",
            f"%b{number} = {constant(bias, [1, n])}",
            f"%p{number} = linalg.matmul ins({x}, %w{number} : {rows}, {tensor([m, n])}) "
            f"outs(%b{number} : {out}) -> {out}",
            f"%t{number} = math.tanh %p{number} : {out}",
        ]
        x, rows = f"%t{number}", out
    name = '{lh.name = "features"}'
    return ir.Module.parse(
        f"func.func @score(%x: {tensor([1, SIZES[0]])} {name}) -> {rows} {{ {' '.join(body)} return {x} : {rows} }}"
    )
