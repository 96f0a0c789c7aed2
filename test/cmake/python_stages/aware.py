from lighthouse_build import Target
from lighthouse_build.schedule import schedule


def create_schedule(target: Target):
    with schedule() as s:
        s.tile(s.match("linalg.matmul"), [1, target.vector_bits // 32])
    return s.module
