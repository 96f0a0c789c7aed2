from mlir import ir


def create_payload(functions=1):
    return ir.Module.parse("".join(f"func.func @f{n}() {{ return }}\n" for n in range(functions)))
