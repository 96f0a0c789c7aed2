"""What the functions of kernels.mlir compute; those below return what no test may accept."""

import numpy as np
from scaling import product


def matmul(a, b):
    return a @ b


def scale(a, factor):
    return product(a, factor)


def add_to(x, n, at):
    old = x[at]
    x[at] += n
    return old, np.int64(x[at])


def negate(b, x):
    return -x if b else x


def halve(x, y):
    assert x.dtype == np.float32
    assert y.dtype == np.float16
    return x * np.float32(0.5), y * np.float16(0.5)


def root(x):
    assert (x >= 1).all()
    assert (x <= 2).all()
    return np.sqrt(x)


def conjugate(x, y):
    y[...] = x.conj()


def update(x, v):
    x[2] = v
    return x


def column(x):
    x[1, 1] = x[2, 1]
    return x[2, 1]


def overrun(x):
    pass


def forgets(x):
    return np.array([x[0], 0], np.float32)


def crash(x):
    return 0


def wrong(a, b):
    return a @ b + np.float32(0.5) * (np.arange(4) == 3).astype(np.float32)


def transposed(a, b):
    return (a @ b).T


def double(a, b):
    return a.astype(np.float64) @ b


def nothing(a, b):
    pass


def raises(a, b):
    raise ValueError(f"shapes {a.shape} and {b.shape}")


not_a_function = 1
