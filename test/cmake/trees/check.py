# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Wherever the trees lie, the same is built, a second build runs nothing, and what is lost or renamed heals."""

import shutil
from pathlib import Path

from run import MAKE, Project

GENERATED = "Resolving stage generated"
INCLUDED = "Resolving stage included"
CONFIGURED = "Resolving stage configured"
INLINE = "Resolving stage lower-to-llvm.yaml, ensure-debug-info-scope-on-llvm-func"
ONE = "Lowering one/kernels/one"
TWO = "Lowering two/kernels/two"
PAIR = {"Lowering pair/kernels/one", "Lowering pair/kernels/two"}
EVERYTHING = {GENERATED, INCLUDED, CONFIGURED, INLINE, ONE, TWO, *PAIR}
OUTPUTS = ("*.stage.mlir*", "sub/*.stage.mlir*", "one/**/*.*", "two/**/*.mlir", "pair/**/*.*")


def check(project: Project) -> None:
    pristine = project.source.with_name("in [source] {x}")
    shutil.copytree(project.source, pristine)
    project.configure()
    project.expect(*EVERYTHING)
    built = project.contents(*OUTPUTS)
    assert len(built) == 16, sorted(built)
    for path, data in built.items():
        assert str(project.source.parent).encode() not in data, f"{path} names the directory it was built in"
    depfiles(project)
    elsewhere(project, built)
    edits(project)
    losses(project)
    in_source(project, pristine, built)


def same(project: Project, built: dict[str, bytes]) -> None:
    found = project.contents(*OUTPUTS)
    different = [path for path in built if found.get(path) != built[path]]
    assert not different, f"in {project.binary} these differ: {different}"


def depfiles(project: Project) -> None:
    """Those of two build trees of one source tree are the same."""
    first = project.depfiles()
    # With the driver's identity; Ninja notes each output.
    assert len(first) == (16 if project.has(".ninja_deps") else 8), sorted(first)
    binary, project.binary = project.binary, project.source.parent / "second" / "build"
    project.configure()
    project.expect(*EVERYTHING)
    second = project.depfiles()
    different = [path for path in first if first[path] != second.get(path)]
    assert not different, f"these differ between two build trees: {different}"
    assert not [path for path, data in first.items() if str(binary).encode() in data]
    # The names in them are heeded.
    (project.binary / "sub/configured.yaml").touch()
    project.expect(CONFIGURED)
    project.binary = binary


def elsewhere(project: Project, built: dict[str, bytes]) -> None:
    """A tree that was moved, and one behind a symbolic link."""
    source, binary = project.source, project.binary
    moved = source.parent / "another place" / "source"
    shutil.copytree(source, moved, symlinks=True)
    shutil.copytree(binary, moved.with_name("build"), symlinks=True)
    project.source, project.binary = moved, moved.with_name("build")
    if "--fresh" in project.run(project.settings.cmake, "--help"):
        project.configure("--fresh")
    else:  # before CMake 3.24, by hand
        project.remove("CMakeCache.txt")
        project.remove("CMakeFiles")
        project.configure()
    project.expect(*EVERYTHING)
    same(project, built)
    link = source.parent / "link"
    link.symlink_to(moved.parent)
    project.source, project.binary = link / "source", link / "build of link"
    project.configure()
    project.expect(*EVERYTHING)
    same(project, built)
    project.touch("schedules/helpers/text.py")
    project.expect(GENERATED)
    project.source, project.binary = source, binary


def edits(project: Project) -> None:
    # What comes to the same stops there.
    project.edit(
        "schedules/generate.py", "import json\nfrom pathlib import Path\n", "from pathlib import Path\nimport json\n"
    )
    project.expect(GENERATED)
    project.edit(
        "schedules/helpers/text.py", "def schedule(iterations):\n", "# A comment.\ndef schedule( iterations ):\n\n"
    )
    project.expect(GENERATED)
    project.touch("pipeline.yaml")
    project.expect(INCLUDED)
    # What does not concerns those who use it.
    project.edit("schedules/iterations.json", "3", "4")
    project.expect(GENERATED, ONE)
    project.edit("cleanup.yaml", "canonicalize", "cse")
    project.expect(INCLUDED, TWO)
    # A module that is not imported any more may go; so may one that shadowed another.
    project.edit("schedules/generate.py", "from helpers import text", "from helpers import words as text")
    (project.source / "schedules/helpers/text.py").rename(project.source / "schedules/helpers/words.py")
    project.expect(GENERATED)
    project.write("schedules/helpers.py", "raise ValueError('a package wins')")
    project.expect(GENERATED)
    (project.source / "schedules/helpers.py").unlink()
    project.expect(GENERATED)
    # An include that is renamed; the shipped pipeline was looked for in that directory, too.
    project.edit("pipeline.yaml", "cleanup", "tidy")
    (project.source / "cleanup.yaml").rename(project.source / "tidy.yaml")
    project.expect(INCLUDED, INLINE)
    # One that is gone is an error until it is back, as it was.
    (project.source / "tidy.yaml").rename(project.source / "away.yaml")
    project.build(error="pipeline.yaml:2:.*tidy.yaml")
    (project.source / "away.yaml").rename(project.source / "tidy.yaml")
    project.build()
    project.expect_nothing()


def losses(project: Project) -> None:
    """What the build tool remembers of inputs; without it, rules may run once more, and know their inputs again."""
    before = project.contents(*OUTPUTS)
    if project.settings.generator == MAKE:
        project.remove("CMakeFiles/generated.lh/resolve.d")
    else:
        lost = [path for path in (".ninja_deps", "CMakeFiles/generated.lh/resolve.d") if project.has(path)]
        assert lost, "Ninja keeps dependencies elsewhere"
        for path in lost:
            project.remove(path)
    project.build()
    if forgetful(project):
        project.build()
    project.expect_nothing()
    same(project, before)
    project.touch("schedules/helpers/words.py")
    project.expect(GENERATED)


def forgetful(project: Project) -> bool:
    """Whether Ninja needs two builds to know inputs again. Before 1.12, when a rule left its outputs as they were, it
    noted as their time that of the newest input which it knew when the rule started, without its log of those that only
    a depfile names."""
    if not project.ninja:
        return False
    rules = [*project.binary.glob("build.ninja"), *project.binary.glob("CMakeFiles/impl-*.ninja")]
    keeps_log = any("deps = gcc" in path.read_text() for path in rules)  # CMake 4.4, but not 3.25
    version = project.run("ninja", "--version").split(".")
    return keeps_log and (int(version[0]), int(version[1])) < (1, 12)


def in_source(project: Project, pristine: Path, built: dict[str, bytes]) -> None:
    project.source = project.binary = pristine
    project.configure()
    project.expect(*EVERYTHING)
    same(project, built)
    # A module is looked for in a source directory in vain, too.
    project.edit("CMakeLists.txt", "schedules/generate.py", "schedules/generate.py PYTHON_PATH .")
    optional = "from contextlib import suppress\n\nwith suppress(ImportError):\n    import optional\n"
    project.edit("schedules/generate.py", "import json\n", f"import json\n{optional}")
    project.expect(GENERATED, ONE)  # the command of both has the directory
    project.edit("schedules/helpers/text.py", "def", "# A comment.\ndef")
    project.expect(GENERATED)
    project.edit("kernels/one.mlir", "addi", "muli")
    project.expect(ONE, "Lowering pair/kernels/one")
    # Whatever appears in a source directory, as Ninja's lock does in each build, is nothing to a stage …
    project.write(".lock", "")
    project.write("sub/other.stage.mlir", "")
    project.expect()
    # … unless it could win.
    project.write("optional.py", "")
    project.expect(INLINE, GENERATED)
    project.write("optional.py", "raise ValueError('optional is read')\n")
    project.build(error="optional is read")
    project.remove("optional.py")
    project.expect(INLINE, GENERATED)
    shipped = "lower-to-llvm.yaml"
    project.write(shipped, "Pipeline:\n  - pass: cse\n")
    project.build(error="one.mlir")
    project.remove(shipped)
    project.build()
    project.expect_nothing()
    # A list that is lost comes back.
    before = project.contents("CMakeFiles/lh_listings/*")
    project.remove("CMakeFiles/lh_listings")
    project.build()
    project.expect_nothing()
    assert before
    assert project.contents("CMakeFiles/lh_listings/*") == before
    project.write(shipped, "Pipeline:\n  - oops\n")
    project.build(error=shipped)
