"""A schedule that does nothing, of an option that must arrive as it was written, and of data beside it."""

from pathlib import Path

from mlir import ir


def create_schedule(note='a "b" {c}'):
    assert note == 'a "b" {c}', note
    (Path(__file__).parent / "da ta$.txt").read_text()
    return ir.Module.parse("""
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}
""")
