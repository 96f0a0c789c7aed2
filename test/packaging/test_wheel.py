# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The wheel: what is in it, and that it works from an environment of its own. Needs no network.

The environment sees the bindings of the one that runs the tests through a path file, since a copy takes 400 MB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "project"


def run(command: Sequence[str | Path], cwd: Path | None = None, **environment: str) -> str:
    """What `command` prints, run without PYTHONPATH, an active environment and other hints of the caller."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LH_", "VIRTUAL_ENV", "CMAKE_"))}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}"
    return result.stdout


def pip_wheel(source: Path, output: Path, python: Path | str = sys.executable) -> Path:
    """Build the wheel of `source` with what is installed, as a distribution does."""
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python]
    options = ["--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check"]
    build = output / "build"
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    run([*pip, "wheel", *options, f"--config-settings=build-dir={build}", "-w", output, source], cwd=output, PATH=path)
    (wheel,) = output.glob("*.whl")
    return wheel


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pip_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the commands of an environment with the wheel and a package `lighthouse` installed."""
    root = tmp_path_factory.mktemp("environment") / "with space"
    venv.create(root, symlinks=True)
    binaries = root / "bin"
    site = Path(run([binaries / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    (site / "bindings.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install: list[str | Path] = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel]
    run([sys.executable, "-m", "pip", "--python", binaries / "python", *install])
    (site / "lighthouse").mkdir()
    (site / "lighthouse" / "__init__.py").write_text("tile = 4\n")
    return binaries


def test_it_is_pure_and_holds_driver_stages_header_and_cmake_package(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    names = contents(wheel)
    sources = {str(p.relative_to(ROOT / "python")) for p in tracked("python/lighthouse_build")}
    assert sources <= names
    assert "lighthouse_build/include/lighthouse/memref.h" in sources
    assert "lighthouse_build/stages/lower-to-llvm.yaml" in sources
    package = "lighthouse_build/share/cmake/Lighthouse/"
    expected = {p.name for p in tracked("cmake")} | {"LighthouseConfigVersion.cmake"}
    expected |= {f"requirements/{name}.{kind}" for name in ("build", "test") for kind in ("in", "txt")}
    assert {name.removeprefix(package) for name in names if name.startswith(package)} == expected
    others = {name for name in names if not name.startswith("lighthouse_build/")}
    assert {name.partition("/")[0].partition("-")[0] for name in others} == {"lighthouse_build"}
    assert not any("__pycache__" in name for name in names)


def test_it_says_how_it_is_found(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        entries = archive.read(name).decode().split()
    assert " ".join(entries) == (
        "[cmake.root] Lighthouse = lighthouse_build "
        "[console_scripts] lh-opt = lighthouse_build.__main__:main lighthouse-opt = lighthouse_build.__main__:main"
    )


def tracked(directory: str) -> list[Path]:
    """The files below `directory`, without what Python leaves there."""
    return [p for p in (ROOT / directory).rglob("*") if p.is_file() and "__pycache__" not in p.parts]


def test_an_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    code = f"import scikit_build_core.build as b; print(b.build_sdist({str(tmp_path)!r}))"
    name = run([sys.executable, "-c", code], cwd=ROOT).splitlines()[-1]
    (tmp_path / "out").mkdir()
    assert contents(pip_wheel(tmp_path / name, tmp_path / "out")) == contents(wheel)


@pytest.mark.parametrize("command", ["lh-opt", "lighthouse-opt"])
def test_the_commands_apply_stages(environment: Path, command: str, tmp_path: Path) -> None:
    (tmp_path / "payload.mlir").write_text(
        "func.func @f() -> i32 {\n  %a = arith.constant 1 : i32\n  %b = arith.addi %a, %a : i32\n  return %b : i32\n}\n"
    )
    lowered = run([environment / command, "payload.mlir", "--stage=lower-to-llvm.yaml", "--emit=llvmir"], cwd=tmp_path)
    assert "ret i32 2" in lowered
    assert "lh-opt 0.1.0" in run([environment / command, "--version"])


def test_it_stands_beside_a_package_lighthouse(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "generator.py").write_text(
        "import lighthouse\n"
        "from mlir import ir\n"
        "def create_schedule():\n"
        "    assert lighthouse.tile == 4 and 'site-packages' in lighthouse.__file__\n"
        "    return ir.Module.parse('''module attributes {transform.with_named_sequence} {\n"
        "      transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {\n"
        '        transform.annotate %root "test.tile" : !transform.any_op\n'
        "        transform.yield\n"
        "      }\n"
        "    }''')\n"
    )
    (tmp_path / "payload.mlir").write_text("module {}\n")
    assert "test.tile" in run([environment / "lh-opt", "payload.mlir", "--stage=generator.py"], cwd=tmp_path)


def cmake_directory(environment: Path) -> Path:
    lines = run([environment / "python", "-m", "lighthouse_build", "--cmake-dir"]).splitlines()
    assert len(lines) == 1
    return Path(lines[0])


def test_cmake_dir_is_where_the_config_is(environment: Path) -> None:
    directory = cmake_directory(environment)
    assert (directory / "LighthouseConfig.cmake").is_file()
    assert environment.parent in directory.parents


def test_a_cmake_project_finds_the_package(environment: Path, tmp_path: Path) -> None:
    # Another Python comes first on PATH, as it does for who does not activate the environment.
    configured = run(
        ["cmake", "-G", "Ninja", "-S", PROJECT, "-B", tmp_path, f"-DLighthouse_DIR={cmake_directory(environment)}"]
    )
    assert f"Lighthouse_DIR={cmake_directory(environment)}" in configured
    (executable,) = [
        line.partition("=")[2]
        for line in (tmp_path / "CMakeCache.txt").read_text().splitlines()
        if line.startswith("LH_PYTHON_EXECUTABLE:")
    ]
    assert environment in Path(executable).parents
    run(["cmake", "--build", tmp_path])
    assert run([tmp_path / "program"]) == "2 4 6\n"


def test_scikit_build_core_finds_the_package_by_its_entry_point(environment: Path, tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    (tmp_path / "out").mkdir()
    built = pip_wheel(tmp_path / "project", tmp_path / "out", environment / "python")
    with zipfile.ZipFile(built) as archive:
        (program,) = [name for name in archive.namelist() if Path(name).name == "program"]
        archive.extract(program, tmp_path)
    (tmp_path / program).chmod(0o755)
    assert run([tmp_path / program]) == "2 4 6\n"
