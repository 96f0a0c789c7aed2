"""Numbers that all marks start from."""

OFFSET = 2
