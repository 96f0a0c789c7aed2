# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How LH_PYTHON_ENV chooses a Python: made in the build tree, kept, mended when half made, or refused with a reason."""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from run import Project


def make_wheel(directory: Path, version: str) -> str:
    """A wheel that installs one module; its hash for a lock."""
    directory.mkdir(exist_ok=True)
    metadata = f"Metadata-Version: 2.1\nName: lh-tiny\nVersion: {version}\n"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = f"lh_tiny-{version}.dist-info"
    files = {"lh_tiny.py": f"version = '{version}'\n", f"{info}/METADATA": metadata, f"{info}/WHEEL": tags}
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(text)}\n"
    wheel = directory / f"lh_tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def check(project: Project) -> None:
    wheels = project.source / "wheels"
    head = f"--no-index\n--find-links {wheels}\n"

    def lock(version: str, digest: str, options: str = head) -> None:
        project.write("requirements/build.in", "# What is needed.\nlh-tiny>=1.0\n")
        project.write("requirements/build.txt", f"{options}lh-tiny=={version} --hash=sha256:{digest}\n")

    def configure(environment: str, error: str | None = None, **variables: str) -> str:
        arguments = [f"-DLIGHTHOUSE_SOURCES={project.settings.sources}", f"-DLH_PYTHON_ENV={environment}"]
        command = [project.settings.cmake, "-S", str(project.source), "-B", str(project.binary)]
        command += ["-G", project.settings.generator]
        # The caller's environment must not have what is looked for, nor pip a mirror of its own.
        variables = {"VIRTUAL_ENV": "", "PIP_CONFIG_FILE": "/dev/null", "PATH": "/usr/bin:/bin"} | variables
        return project.run(*command, *arguments, error=error, environment=variables)

    def chosen(output: str) -> str:
        match = re.search("^CHOSEN (.*)$", output, re.MULTILINE)
        assert match, output
        return match[1]

    digest = make_wheel(wheels, "1.0")
    lock("1.0", digest)

    # Refusals: what is missing, and the ways out.
    configure(
        "SYSTEM", error=r"LH_PYTHON_ENV is 'SYSTEM'\): \S+python\S* lacks lh-tiny\. Ways out: .*LH_PYTHON_ENV=AUTO"
    )
    configure("/nonexistent", error="'/nonexistent', which is neither AUTO nor SYSTEM nor a Python environment")
    configure(sys.executable, error=f"{re.escape(sys.executable)} lacks lh-tiny")
    lock("1.0", "0" * 64)
    configure("AUTO", error="no environment could be made: a downloaded package is not the one that was pinned")
    lock("9.9", digest)
    configure("AUTO", error=r"there is no wheel of lh-tiny==9\.9 for Python 3")
    lock("1.0", digest, options="--index-url http://localhost:9/simple\n")
    offline = (
        r"could not download lh-tiny==1\.0: the package index cannot be reached\. Ways out: .*LH_PYTHON_ENV=<path>.*"
    )
    configure("AUTO", error=offline + "a mirror or a proxy for pip")

    # An environment of the build tree: said, made (over what the failures left), kept.
    lock("1.0", digest)
    output = configure("AUTO")
    python = chosen(output)
    assert python.startswith(str(project.binary)), output
    assert "PYTHON VARIABLES ''" in output, output
    assert re.search(
        "making a Python environment in .*with what is pinned in .*the environment is ready", output, re.DOTALL
    )
    run = [python, "-I", "-c", "import lh_tiny; print(lh_tiny.version)"]
    assert project.run(*run) == "1.0\n"
    assert "Lighthouse:" not in configure("AUTO"), "a second configuration decided again"

    # Half made: started again, also when it looks whole.
    project.remove(str(Path(python).parents[1].relative_to(project.binary) / ".complete"))
    output = configure("AUTO")
    assert "the environment is half made; starting again" in output, output
    assert chosen(output) == python
    # Broken since: its interpreter went away with the Python that it was made with.
    environment = Path(python).parents[1]
    for name in ("python", "python3"):
        (environment / "bin" / name).unlink()
        (environment / "bin" / name).symlink_to("/nonexistent/python3")
    output = configure("AUTO")
    assert re.search("making a Python environment.*the environment is ready", output, re.DOTALL), output
    assert project.run(*run) == "1.0\n"
    # Or a package of it did; a configuration that starts afresh notices.
    for path in environment.glob("lib/python3*/site-packages/lh_tiny*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    project.remove("CMakeCache.txt")
    output = configure("AUTO")
    assert re.search("lacks lh-tiny.*making a Python environment.*the environment is ready", output, re.DOTALL), output
    assert project.run(*run) == "1.0\n"
    # Another configuration at the same time waits, and takes what the first one made.
    project.remove("lighthouse-python")
    command = [project.settings.cmake, str(project.binary)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("making a Python environment" in output for output in outputs) == 1, outputs

    # New requirements: a new environment, and the old one goes.
    lock("2.0", make_wheel(wheels, "2.0"))
    newer = chosen(configure("AUTO"))
    assert newer != python
    assert project.run(newer, "-I", "-c", "import lh_tiny; print(lh_tiny.version)") == "2.0\n"
    assert not Path(python).exists()

    # It serves as an environment by path, of itself or of its interpreter; and as the active one.
    assert chosen(configure(str(Path(newer).parents[1]))) == newer
    assert chosen(configure(newer)) == newer
    assert chosen(configure("SYSTEM", VIRTUAL_ENV=str(Path(newer).parents[1]))) == newer
