from annotate import create_schedule as annotate
from lighthouse_build import Target


def create_schedule(target: Target):
    return annotate("is_v3" if target.cpu == "x86-64-v3" else "is_baseline")
