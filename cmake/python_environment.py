# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Looks at a Python, or makes a virtual environment, for the CMake package. Needs the standard library only.

    python_environment.py create <directory> --lock=build.txt --requirements=build.in --package=<dir>

`probe` prints `key=value` lines; a Python that can do nothing for us still answers. `create` reports its progress on
standard output; an error is one message on standard error.
"""

# Runs on whatever Python was found, also one that is too old, and says so: nothing here is newer than Python 3.7.

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import subprocess
import sys
import time

MINIMUM = (3, 10)
COMPLETE = ".complete"  # in an environment that was made to the end
BINDINGS = "torch-mlir"  # whatever provides the bindings will do
_NETWORK = re.compile(
    r"NewConnectionError|name resolution|Name or service not known|Network is unreachable|Connection refused|timed out"
    r"|ProxyError|Max retries exceeded|Retrying \(Retry|nodename nor servname|getaddrinfo failed|Connection aborted"
)
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError")


def main() -> None:
    parser = argparse.ArgumentParser(description="Look at a Python, or make an environment.")
    parser.add_argument("action", choices=["probe", "create"])
    parser.add_argument("directory", nargs="?")
    parser.add_argument("--requirements", required=True)
    parser.add_argument("--package", required=True)
    parser.add_argument("--lock")
    parser.add_argument("--mlir-package", default="")
    parser.add_argument("--mlir-python-path", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.action == "probe":
        probe(arguments)
        return
    try:
        create(arguments)
    except EnvironmentProblem as error:
        sys.exit(str(error))


class EnvironmentProblem(Exception):
    """Why no environment could be made; the message is for the user."""


# --- Looking ----------------------------------------------------------------------------------------------------------


def probe(arguments: argparse.Namespace) -> None:
    """Print what CMake wants to know of this Python."""
    print("executable=" + sys.executable)  # the real one, where a shim was run
    print("version=%d.%d.%d" % sys.version_info[:3])
    if sys.version_info[:2] < MINIMUM:
        print("missing=Python %d.%d or newer" % MINIMUM)
        return
    print("owner=" + owner())
    sys.path.append(os.path.dirname(os.path.abspath(arguments.package)))
    sys.path[:0] = map(os.path.abspath, arguments.mlir_python_path)
    print("missing=" + ", ".join(missing(arguments.requirements, arguments.mlir_package)))
    compile_driver(arguments.package)


def compile_driver(package: str) -> None:
    """Compile the driver ahead, where its directory can be written: at build time it reads bytecode but writes none."""
    import compileall

    compileall.compile_dir(package, quiet=2)


def owner() -> str:
    """The directory of the `lighthouse_build` that this Python has, or nothing."""
    from importlib.util import find_spec

    spec = find_spec("lighthouse_build")
    return os.path.realpath(os.path.dirname(spec.origin)) if spec is not None and spec.origin else ""


def missing(requirements: str, mlir_package: str) -> list[str]:
    """What of the direct requirements this Python lacks; in words. Prints which package has the bindings."""
    from importlib import metadata

    lacking = []
    for name, minimum in read_requirements(requirements):
        if name == BINDINGS:
            lacking += missing_bindings(mlir_package)
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            lacking.append(name)
            continue
        if release(version) < release(minimum):
            lacking.append("%s %s or newer (it has %s)" % (name, minimum, version))
    return lacking


def missing_bindings(package: str) -> list[str]:
    from lighthouse_build.bindings import provider
    from lighthouse_build.errors import LighthouseError

    os.environ.pop("LH_MLIR_PACKAGE", None)  # CMake has read it, once
    try:
        print("bindings=" + provider.find(package or None).name)
    except LighthouseError as error:
        return [error.message if package else "MLIR Python bindings (%s)" % BINDINGS]
    return []


def read_requirements(path: str) -> list[tuple[str, str]]:
    """Pairs of a distribution's name and its least version, from `path` and what it includes with `-r`."""
    found = []
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            line = line.partition("#")[0].strip()
            if line.startswith("-r "):
                found += read_requirements(os.path.join(os.path.dirname(path), line[3:].strip()))
                continue
            match = re.match(r"([A-Za-z0-9._-]+)\s*(?:[=>]=\s*([0-9.]+))?", line)
            if match:
                found.append((match.group(1), match.group(2) or "0"))
    return found


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare; without what follows them."""
    match = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else (0,)


# --- Making -----------------------------------------------------------------------------------------------------------


def create(arguments: argparse.Namespace) -> None:
    """Make the environment `arguments.directory` with exactly what is in the lock."""
    directory = arguments.directory
    start = time.monotonic()
    if os.path.isdir(directory):
        say("the environment is half made; starting again")
        shutil.rmtree(directory)
    make_empty(directory)
    python = os.path.join(directory, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
    install(python, arguments.lock)
    check = [python, "-I", "-B", os.path.abspath(__file__), "probe", "--requirements", arguments.requirements]
    check += ["--package", arguments.package, "--mlir-package", arguments.mlir_package]
    answer = subprocess.run(check, stdout=subprocess.PIPE, universal_newlines=True)
    lacking = re.search("^missing=(.+)$", answer.stdout, re.MULTILINE)
    if answer.returncode != 0 or lacking:
        msg = "the environment was made, but lacks %s" % (lacking.group(1) if lacking else "a working Python")
        raise EnvironmentProblem(msg)
    with open(os.path.join(directory, COMPLETE), "w"):
        pass
    say("the environment is ready: %d MB, made in %d s" % (megabytes(directory), time.monotonic() - start))


def make_empty(directory: str) -> None:
    """An environment with pip alone."""
    try:
        importlib.import_module("ensurepip")  # Debian has it in a package of its own
        importlib.import_module("venv")
    except ImportError:
        msg = "%s cannot make virtual environments, its module 'venv' is not complete" % sys.executable
        raise EnvironmentProblem(msg + "; on Debian and Ubuntu: apt install python3-venv") from None
    made = subprocess.run(
        [sys.executable, "-I", "-m", "venv", directory],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if made.returncode != 0:
        msg = "'%s -m venv' failed: %s" % (sys.executable, last_line(made.stdout))
        raise EnvironmentProblem(msg)


def install(python: str, lock: str) -> None:
    """Install what is in `lock`, showing what is downloaded."""
    # What a user set for their own installations must not lead elsewhere; mirrors, proxies, certificates stay theirs.
    unwanted = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT", "PIP_CONSTRAINT")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    command = [python, "-I", "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:", "-r", lock]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--retries=1", "--timeout=20"]
    pip = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    )
    lines = []
    assert pip.stdout is not None
    for line in pip.stdout:
        lines.append(line.rstrip())
        shown = re.match(r"\s*((?:Downloading|Using cached) .*\)|Installing collected packages)", line)
        if shown:
            say("  " + shown.group(1).replace("Installing collected packages", "Installing"))
    if pip.wait() != 0:
        raise EnvironmentProblem(explain("\n".join(lines)))


def explain(output: str) -> str:
    """The one reason that a failed pip gives in many lines."""
    wanted = re.search(r"No matching distribution found for ([^\s;]+)", output)
    name = wanted.group(1) if wanted else "the packages"
    if _CERTIFICATE.search(output):
        return "could not download %s: the certificate of the package index is not trusted" % name
    if _NETWORK.search(output):
        return "could not download %s: the package index cannot be reached" % name
    if "HASHES" in output or "do not match the hash" in output:
        return "a downloaded package is not the one that was pinned (its hash differs)"
    if "No space left" in output:
        return "the disk is full"
    if wanted:
        version = "%d.%d" % sys.version_info[:2]
        return "there is no wheel of %s for Python %s on this platform" % (name, version)
    return "pip failed: " + last_line("\n".join(line for line in output.splitlines() if "[notice]" not in line))


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def megabytes(directory: str) -> int:
    total = 0
    for parent, _, names in os.walk(directory):
        total += sum(os.lstat(os.path.join(parent, name)).st_size for name in names)
    return total // 1000000


def say(text: str) -> None:
    print("-- Lighthouse: " + text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
