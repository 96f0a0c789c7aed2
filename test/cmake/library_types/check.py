# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Libraries of every type are real ones; without code there are files; properties say where everything is."""

from run import NINJA, Project


def check(project: Project) -> None:
    configured = project.configure()
    properties = dict(
        line.removeprefix("PROPERTIES ").split("|", 1)
        for line in configured.splitlines()
        if line.startswith("PROPERTIES ")
    )
    root = project.binary
    stage = properties["static"].rpartition("|")[2]
    types = {name: text.split("|")[0] for name, text in properties.items()}
    assert types == {
        "static": "STATIC_LIBRARY",
        "shared": "SHARED_LIBRARY",
        "object": "OBJECT_LIBRARY",
        "assembly": "STATIC_LIBRARY",
        "default": "SHARED_LIBRARY",
        "calls": "STATIC_LIBRARY",
        "files": "INTERFACE_LIBRARY",
    }
    assert properties["static"].split("|")[1:3] == [
        f"{root}/static/one.o;{root}/static/sub/two.o",
        f"{root}/static/include/static.h",
    ]
    assert properties["shared"].split("|")[1:3] == [f"{root}/shared/one.o", f"{root}/shared/include/kernels/shared.hpp"]
    assert properties["object"].split("|")[1:3] == [f"{root}/object/one.s", f"{root}/object/include/object.h"]
    assert properties["assembly"].split("|")[1] == f"{root}/elsewhere/assembly/one.s;{root}/elsewhere/assembly/one.ll"
    assert properties["files"].split("|")[1] == f"{root}/files/one.mlir;{root}/files/one.mlirbc"
    assert all(text.endswith("|" + stage) for name, text in properties.items() if name != "files"), properties

    ran = project.build()
    resolving = [step for step in ran if step.startswith("Resolving")]
    assert sorted(resolving) == ["Resolving stage canonicalize", "Resolving stage canonicalize, lower-to-llvm.yaml"]
    project.expect_nothing()
    for program in ("app", "objects", "pie"):
        project.program(program)
    for name, text in properties.items():
        for path in text.split("|")[1].split(";"):
            assert (root / path).stat().st_size > 0, f"{name}: {path}"
    assert project.run("ar", "t", str(project.artifact("libcalls.a"))).split() == ["calls.o"]
    # An object library is assembled: its objects follow the payload.
    project.edit("one.mlir", "constant 1 ", "constant 7 ")
    project.build()
    project.program("objects", status=1)
    project.expect_nothing()
    if project.settings.generator == NINJA:
        header_first(project)


def header_first(project: Project) -> None:
    """The header is made before what includes it, also when that is all that is asked for."""
    project.build("clean")
    ran = project.build("CMakeFiles/pie.dir/main.c.o")
    assert "Lowering object/one" in ran, ran  # the header of a single payload comes of the same rule
    ran = project.build("CMakeFiles/app.dir/main.cpp.o")
    assert "Lowering static/sub/two" in ran, ran  # and that of a batch
