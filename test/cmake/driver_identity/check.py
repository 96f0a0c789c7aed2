# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One rule of a build knows the driver's files: a touched driver makes nothing again, a changed one everything."""

import shutil
from dataclasses import replace
from pathlib import Path

from run import Project

IDENTIFY = "Identifying lh-opt"
EVERYTHING = {
    "Resolving stage simplify",
    "Resolving stage lower-to-llvm.yaml",
    "Resolving stage cse",
    "Lowering k/k",
    "Lowering text/text",
}


def check(project: Project) -> None:
    driver = project.source.parent / "driver"
    for name in ("cmake", "python", "requirements"):
        shutil.copytree(project.settings.sources / name, driver / name, ignore=shutil.ignore_patterns("__pycache__"))
    project.settings = replace(project.settings, sources=driver)
    package = driver / "python/lighthouse_build"
    project.configure()
    ran = project.build()
    assert ran.count(IDENTIFY) == 1, ran
    assert project.ours(ran) == EVERYTHING, ran
    project.expect_nothing()
    depfiles(project, package)

    # What comes to the same stops there.
    (package / "errors.py").touch()
    only_identified(project)
    (package / "language/notes.txt").write_text("No part of the driver.")
    only_identified(project)
    # What does not, does not: also where it is a module that was not there, or is there no more.
    with open(package / "errors.py", "a") as stream:
        stream.write("# New.\n")
    made_again(project)
    (package / "language/errors.py").write_text("")
    made_again(project)
    (package / "language/errors.py").unlink()
    made_again(project)
    with open(package / "emission/runtime/__truncsfhf2.ll", "a") as stream:
        stream.write("; New.\n")
    made_again(project)
    # Lost, it comes back, newer.
    project.remove("CMakeFiles/lh_driver.json")
    project.build()
    project.expect_nothing()
    assert (project.binary / "CMakeFiles/lh_driver.json").is_file()
    # A target alone brings it.
    project.remove("CMakeFiles/lh_driver.json")
    with open(package / "errors.py", "a") as stream:
        stream.write("# Newer.\n")
    ran = project.build("text")
    assert IDENTIFY in ran, ran
    assert project.ours(ran) == {"Resolving stage cse", "Lowering text/text"}, ran


def depfiles(project: Project, package: Path) -> None:
    """Only that of this rule names the driver."""
    naming = {
        name.removeprefix("../") for name, text in project.depfiles().items() if f"{package}/driver.py".encode() in text
    }
    made = "CMakeFiles/lh_driver.json" if project.ninja else "CMakeFiles/lh_driver.lh/identity.stamp"
    assert naming == {made}, naming


def only_identified(project: Project) -> None:
    ran = project.build()
    assert ran == [IDENTIFY], ran
    project.expect_nothing()


def made_again(project: Project) -> None:
    ran = project.build()
    assert ran.count(IDENTIFY) == 1, ran
    assert project.ours(ran) == EVERYTHING, ran
    project.expect_nothing()
