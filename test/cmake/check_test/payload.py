# CHECK: func.func @generated() -> i32
# CHECK: arith.constant 7
from mlir import ir


def constant(value):
    text = f"func.func @generated() -> i32 {{ %c = arith.constant {value} : i32\n return %c : i32 }}"
    return ir.Module.parse(text)
