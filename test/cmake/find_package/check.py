# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lighthouse is installed, found by version from its prefix, used, and uninstalled."""

from run import Project


def check(project: Project) -> None:
    settings = project.settings
    prefix = project.source.parent / "pre fix"
    build = project.source.parent / "lighthouse"
    # For who only installs, no Python is looked for.
    options = ["-DLH_BUILD_TESTS=OFF", "-DLH_BUILD_EXAMPLES=OFF", "-DLH_PYTHON_ENV=/nonexistent"]
    arguments = ["-S", str(settings.sources), "-B", str(build), "-G", settings.generator]
    project.run(settings.cmake, *arguments, f"-DCMAKE_INSTALL_PREFIX={prefix}", *options)
    project.run(settings.cmake, "--install", str(build))
    package = prefix / "share" / "cmake" / "Lighthouse"
    driver = prefix / "share" / "lighthouse" / "python" / "lighthouse_build" / "__main__.py"
    assert driver.is_file()
    assert not list(prefix.rglob("__pycache__"))
    printed = project.run(settings.python, "-I", "-B", str(driver), "--cmake-dir")
    assert printed.strip() == str(package), printed

    arguments = ["-S", str(project.source), "-B", str(project.binary), "-G", settings.generator]
    arguments += [f"-DCMAKE_PREFIX_PATH={prefix}", f"-DLH_PYTHON_ENV={settings.python}"]
    output = project.run(settings.cmake, *arguments)
    assert f"at {package}" in output, output
    project.expect("Resolving stage lower-to-llvm.yaml", "Lowering k/k")
    project.program("app")

    # Another version is not found.
    project.edit("CMakeLists.txt", "Lighthouse 0.1 ", "Lighthouse 99 ")
    project.run(settings.cmake, str(project.binary), error="compatible with requested version")

    project.run(settings.cmake, "--build", str(build), "--target", "uninstall")
    assert not [path for path in prefix.rglob("*") if path.is_file()], list(prefix.rglob("*"))
    assert not package.exists()
