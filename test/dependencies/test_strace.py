# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every path of the project that the driver opened, looked at or listed is in the depfile: the kernel is the witness.

The driver runs under strace, on a project whose generators and stage classes read by many means, and which has a
package of schedules installed. What strace has seen of both must be in the depfile: a file or a listed directory
itself, a directory that was only looked at by an input in it, what does not exist by its nearest existing directory. A
lowering is not told of what was looked for in vain.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import lighthouse_build
import pytest

ENTRY = Path(lighthouse_build.__file__).parent / "__main__.py"
CALLS = "open,openat,stat,lstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat,execve"
CALL = re.compile(
    r"(?P<call>\w+)\((?:(?:AT_FDCWD|\d+)(?:<(?P<base>[^>]*)>)?, )?" r'"(?P<path>(?:[^"\\]|\\.)*)"(?P<rest>.*)'
)

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")

MODULE = (
    "module attributes {transform.with_named_sequence} { "
    "transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) { transform.yield } }"
)
PAYLOAD = "func.func @f(%a: i32) -> i32 { return %a : i32 }"
FILES = {
    "generators/gen.py": f"""
        import configparser, csv, gzip, importlib.resources, json, linecache, mmap, os, pkgutil, shutil, sqlite3
        import subprocess, sys, tempfile, zipfile
        from pathlib import Path

        import numpy
        from mlir import ir

        import helpers
        import package.inner
        import installed_schedules.tile
        from lighthouse_build import depends_on

        try:
            import optional_module
        except ImportError:
            pass
        try:
            from package import optional
        except ImportError:
            pass

        HERE = Path(__file__).resolve().parent
        DATA = HERE.parent / "data"

        def create_schedule():
            opened()
            looked_at()
            listed()
            made()
            depends_on(DATA / "declared")
            subprocess.run(["cat", DATA / "declared"], check=True)
            ir.Module.parseFile(str(DATA / "parsed.mlir"))
            return ir.Module.parse('{MODULE}')

        def opened():
            json.loads((DATA / "a.json").read_text())
            (DATA / "bytes").read_bytes()
            numpy.load(DATA / "array.npy")
            numpy.load(DATA / "array.npy", mmap_mode="r")
            numpy.fromfile(DATA / "raw", dtype="u1")
            numpy.memmap(DATA / "mapped", dtype="u1", mode="r")
            numpy.loadtxt(DATA / "table.txt")
            with open(DATA / "mmapped", "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ):
                pass
            gzip.open(DATA / "a.gz").close()
            with open(DATA / "a.csv", newline="") as stream:
                list(csv.reader(stream))
            configparser.ConfigParser().read([DATA / "a.ini", DATA / "missing.ini"])
            linecache.getline(str(DATA / "lines"), 1)
            descriptor = os.open(DATA, os.O_RDONLY)
            os.close(os.open("relative", os.O_RDONLY, dir_fd=descriptor))
            os.stat("relative stat", dir_fd=descriptor)
            os.close(descriptor)
            pkgutil.get_data("package", "resource")
            importlib.resources.files("package").joinpath("other resource").read_text()
            sqlite3.connect(f"file:{{DATA / 'a.db'}}?mode=ro", uri=True).close()
            sys.path.insert(0, str(DATA / "a.zip"))
            import zipped

        def looked_at():
            (DATA / "exists").exists()
            (DATA / "missing" / "deep" / "file").exists()
            os.path.isfile(DATA / "isfile")
            os.path.getmtime(DATA / "getmtime")
            os.access(DATA / "access", os.R_OK)
            os.readlink(DATA / "link")
            os.path.islink(DATA / "link")
            (DATA / "stat").stat()
            (DATA / "chain").resolve()
            os.path.samefile(DATA / "same 1", DATA / "same 2")
            (HERE.parent / "empty").is_dir()
            shutil.which("tool", path=str(DATA / "bin"))
            (DATA / "broken link").exists()

        def listed():
            os.listdir(DATA / "list")
            list((DATA / "glob").glob("*.txt"))
            list((DATA / "rglob").rglob("*.txt"))
            list(os.walk(DATA / "walk"))
            [entry.stat() for entry in os.scandir(DATA / "scan")]

        def made():
            with tempfile.TemporaryDirectory(dir=DATA) as directory:
                Path(directory, "own").write_text("x")
                assert Path(directory, "own").read_text() == "x"
    """,
    "generators/helpers.py": "",
    "generators/package/__init__.py": "from . import sibling",
    "generators/package/sibling.py": "",
    "generators/package/inner/__init__.py": "from ..sub.deep import x",
    "generators/package/sub/deep.py": "x = 1",  # a namespace package
    "generators/package/resource": "",
    "generators/package/other resource": "",
    "steps/step.py": """
        import os
        from pathlib import Path

        import step_helpers
        import installed_schedules.steps

        HERE = Path(__file__).parent
        NAME = (HERE / "at import").read_text()

        class Step:
            def apply(self, module):
                import step_lazily
                (HERE / "at apply").read_text()
                os.stat(HERE / "stat at apply")
                os.path.exists(HERE / "missing at apply")
    """,
    "steps/step_helpers.py": "",
    "steps/step_lazily.py": "",
    "steps/at import": "x",
    "steps/at apply": "x",
    "steps/stat at apply": "x",
    "payloads/make.py": f"""
        from pathlib import Path

        import make_helpers
        from mlir import ir

        def create_payload():
            (Path(__file__).parent / "sizes").read_text()
            return ir.Module.parse('{PAYLOAD}')
    """,
    "payloads/make_helpers.py": "",
    "payloads/sizes": "",
    "payloads/plain.mlir": PAYLOAD,
    "pipelines/all.yaml": "Pipeline:\n  - include: more.yaml\n  - transform: ../generators/gen.py\n",
    "pipelines/more.yaml": "Pipeline:\n  - transform: ../schedules/plain.mlir\n  - include: found.yaml\n",
    "search/found.yaml": "Pipeline:\n  - pass: canonicalize\n",
    "schedules/plain.mlir": MODULE,
    "site-packages/installed_schedules/__init__.py": "",
    "site-packages/installed_schedules/tile.py": "import pkgutil; pkgutil.get_data(__name__, 'sizes.json')",
    "site-packages/installed_schedules/sizes.json": "",
    "site-packages/installed_schedules/steps.py": "",
}
DATA = ("bytes", "raw", "mapped", "mmapped", "a.csv", "a.ini", "lines", "relative", "relative stat", "exists", "isfile")
DATA += (
    "getmtime",
    "access",
    "target",
    "stat",
    "end",
    "same 1",
    "same 2",
    "declared",
    "list/a",
    "glob/a.txt",
    "glob/b",
)
DATA += ("rglob/sub/a.txt", "walk/sub/a", "scan/a", "bin/tool")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    data = root / "data"
    for name in DATA:
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n" if name != "a.ini" else "[x]\n")
    (root / "empty").mkdir()
    (data / "a.json").write_text("{}")
    (data / "parsed.mlir").write_text("module {}")
    (data / "table.txt").write_text("1 2\n")
    (data / "bin" / "tool").chmod(0o755)
    (data / "link").symlink_to("target")
    (data / "chain").symlink_to("chain 2")
    (data / "chain 2").symlink_to("end")
    (data / "broken link").symlink_to("nowhere")
    prepare = (
        "import gzip, numpy, sqlite3, zipfile\n"
        "numpy.save('array.npy', [1])\n"
        "gzip.open('a.gz', 'w').close()\n"
        "base = sqlite3.connect('a.db'); base.execute('create table t(x)'); base.close()\n"
        "zipfile.ZipFile('a.zip', 'w').writestr('zipped.py', '')\n"
    )
    subprocess.run([sys.executable, "-c", prepare], cwd=data, check=True)
    return root


class Seen(NamedTuple):
    """A path that a system call was given."""

    path: str
    listed: bool


def traced(project: Path, *arguments: str) -> tuple[list[Seen], set[str]]:
    """Run the driver under strace; what it used of the project, and the depfile."""
    out = project.parent / "out"
    out.mkdir(exist_ok=True)
    log, depfile = out / "strace.log", out / "d"
    driver = [sys.executable, "-I", "-B", str(ENTRY), *arguments]
    driver += [f"--python-path={project}/site-packages", f"--project-root={project}", f"-I{project}/search"]
    strace = ["strace", "-f", "-y", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(log)]
    command = [*strace, *driver, f"--depfile={depfile}", f"--stamp={out}/stamp"]
    subprocess.run(command, cwd=project, check=True)
    lines = [line.replace("\\ ", " ").removesuffix(" \\").strip() for line in depfile.read_text().splitlines()[1:]]
    return list(used(log.read_text(errors="replace"), project)), set(lines)


def used(log: str, project: Path) -> dict[Seen, None]:
    """The paths below the project that were used, but for what was only written."""
    made: set[str] = set()
    found: dict[Seen, None] = {}
    for line in log.splitlines():
        match = CALL.search(line)
        if match is None:
            continue
        path = os.path.normpath(os.path.join(match["base"] or project, match["path"]))
        if re.search(r"O_WRONLY|O_EXCL|O_TRUNC", match["rest"]):
            made.add(path)
        inside = path.startswith(f"{project}{os.sep}") and "__pycache__" not in path
        if inside and re.search(r"/lib[\w+]+\.so[.\d]*$", path) and not os.path.exists(path):
            continue  # the loader looks in the working directory where a library of the bindings says so
        if inside and not any(path == p or path.startswith(f"{os.path.dirname(p)}/tmp") for p in made):
            found[Seen(path, "O_DIRECTORY" in match["rest"])] = None
    return found


def missing(seen: list[Seen], inputs: set[str], *, lowering: bool) -> set[str]:
    """Which of `seen` the depfile does not cover."""
    uncovered = set()
    for path, listed in seen:
        if re.search(r"/data/tmp\w+", path):
            continue  # a directory that the generator makes for itself
        nearest = path
        while not os.path.exists(nearest):
            nearest = os.path.dirname(nearest)
        if nearest != path or (listed and lowering):
            covered = lowering or nearest in inputs
        elif os.path.isdir(path) and not listed:
            covered = path in inputs or any(i.startswith(path + os.sep) for i in inputs)
        else:
            covered = path in inputs or path in {os.path.realpath(i) for i in inputs}  # a link is followed
        if not covered:
            uncovered.add(path)
    return uncovered


def test_resolving(project: Path) -> None:
    seen, inputs = traced(
        project, "--stage=pipelines/all.yaml", "--emit=stage", "-o", f"{project.parent}/out/stage.mlir"
    )
    assert missing(seen, inputs, lowering=False) == set()
    names = {os.path.relpath(path, project) for path, _ in seen}
    files = {name for name in FILES if not name.startswith(("steps/", "payloads/"))}
    files |= {f"data/{name}" for name in DATA if "/" not in name} | {"data/bin/tool", "data/scan/a", "data/walk/sub"}
    assert files - names == {"site-packages/installed_schedules/steps.py"}, "strace does not see it all"


def test_what_mlir_opens_itself(project: Path) -> None:
    library = f"{project}/schedules/plain.mlir"
    stage = f"--stage=transform-preload-library{{transform-library-paths={library}}}"
    seen, inputs = traced(project, "payloads/plain.mlir", stage, "-o", f"{project.parent}/out/lowered.mlir")
    assert library in {path for path, _ in seen}
    assert missing(seen, inputs, lowering=True) == set()


def test_lowering(project: Path) -> None:
    out = project.parent / "out" / "s.stage.mlir"
    traced(project, "--stage=steps/step.py[stage=Step]", "--emit=stage", "-o", str(out))
    for payload in ("payloads/plain.mlir", "payloads/make.py"):
        seen, inputs = traced(project, payload, f"--stage={out}", "-o", f"{project.parent}/out/lowered.mlir")
        assert missing(seen, inputs, lowering=True) == set()
        assert str(out) in inputs
        for name in (
            "steps/step_lazily.py",
            "steps/stat at apply",
            "site-packages/installed_schedules/steps.py",
            payload,
        ):
            assert str(project / name) in inputs
