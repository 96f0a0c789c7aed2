"""A schedule that does nothing, of options that must arrive with their types."""

from mlir import ir


def create_schedule(note, sizes, ratio, flag):
    assert (note, sizes, ratio, flag) == ("two words", [8, [4, 2]], 0.5, True), (note, sizes, ratio, flag)
    return ir.Module.parse("""
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}
""")
