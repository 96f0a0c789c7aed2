#!/bin/sh
# Run by a generator.
expr "$(cat "$1")" + 1
