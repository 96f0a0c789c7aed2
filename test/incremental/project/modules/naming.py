"""Names of functions."""

SUFFIX = 7


def renamed(name, number):
    return f"{name}_{SUFFIX}_{number}"
