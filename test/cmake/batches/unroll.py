from lighthouse_build.schedule import schedule

FACTOR = 2


def create_schedule():
    with schedule() as s:
        loops = s.match("scf.for")
        s.annotate(loops, f"seen_{FACTOR}")
    return s.module
