"""A payload that is generated."""

from mlir import ir
from naming import renamed

FIRST = 1


def create_payload(count=1):
    functions = (f"func.func @{renamed('made', FIRST + n)}() {{ return }}" for n in range(count))
    return ir.Module.parse("\n".join(functions))
