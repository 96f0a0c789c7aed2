"""How much to do."""

LEVEL = 2


def level():
    return LEVEL
