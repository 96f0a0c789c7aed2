# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bindings: which package they are, the alias `mlir` and what it guarantees, and the quick way to their core."""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from lighthouse_build.bindings import find
from lighthouse_build.errors import InputError

PYTHON_ROOT = Path(__file__).parents[2] / "python"
ACTIVATE = "from lighthouse_build.bindings import activate; provider = activate()\n"


def run(code: str, *paths: Path, alias: str = "", expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `code` in an interpreter of its own: what is imported under which name is a property of a process.

    `paths` come first in its search path. `alias` is a package that `mlir` shall mean; by default none is set.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LH_", "PYTHON"))}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (*paths, PYTHON_ROOT)))
    if alias:
        code = f"from lighthouse_build.bindings.alias import install; install({alias!r})\n" + textwrap.dedent(code)
    command = [sys.executable, "-B", "-c", textwrap.dedent(code)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == expect, result.stderr
    return result


def write(root: Path, **files: str) -> None:
    """Write Python files below `root`; `__` in a keyword stands for a slash."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package `real` with packages in it, which counts how often its modules are executed."""
    write(tmp_path, counter="executed = []\n")
    for module in ("real/__init__", "real/ir", "real/dialects/__init__", "real/dialects/func", "real/dialects/linalg"):
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import counter\ncounter.executed.append(__name__)\n")
    with (tmp_path / "real/dialects/linalg.py").open("a") as stream:
        stream.write("from ..ir import *\nfrom . import func\nclass Op: pass\n")
    return tmp_path


def place_bindings(root: Path, metadata: str | None = None) -> None:
    """Make the directory `root` look like a package of bindings, installed by the distribution `metadata`."""
    libraries = root / "_mlir_libs"
    libraries.mkdir(parents=True)
    (libraries / "__init__.py").write_text("")
    (libraries / f"_mlir{importlib.machinery.EXTENSION_SUFFIXES[0]}").write_bytes(b"not loadable")
    if metadata is not None:
        directory = root.parent / f"{metadata}.dist-info"
        directory.mkdir()
        (directory / "RECORD").write_text(f"{root.name}/_mlir_libs/__init__.py,,\n")


# --- the alias ---


@pytest.mark.parametrize("first", ["mlir", "real"])
def test_both_names_are_one_object_in_either_order(package: Path, first: str) -> None:
    second = {"mlir": "real", "real": "mlir"}[first]
    run(
        f"""
        import sys, counter
        import {first}.dialects.linalg, {second}.dialects.linalg, {second}.ir
        from {first}.dialects import func
        import {second}.dialects.func
        for name in ("", ".ir", ".dialects", ".dialects.func", ".dialects.linalg"):
            __import__("mlir" + name)
            assert sys.modules["mlir" + name] is sys.modules["real" + name], name
        assert sorted(counter.executed) == sorted(set(counter.executed)), counter.executed
        assert mlir.dialects.linalg.Op is real.dialects.linalg.Op
        """,
        package,
        alias="real",
    )


def test_import_attributes_stay_those_of_the_real_module(package: Path) -> None:
    run(
        """
        import importlib, sys
        before = {}
        import real.dialects.linalg
        for name in ("real", "real.dialects", "real.dialects.linalg"):
            before[name] = {k: v for k, v in vars(sys.modules[name]).items() if k.startswith("__")}
        import mlir.dialects.linalg
        for name, values in before.items():
            after = {k: v for k, v in vars(sys.modules[name]).items() if k.startswith("__")}
            assert after == values, name
        assert mlir.dialects.linalg.__spec__.name == "real.dialects.linalg"
        assert importlib.reload(mlir.dialects.linalg) is real.dialects.linalg
        """,
        package,
        alias="real",
    )


def test_finding_a_module_does_not_execute_it(package: Path) -> None:
    run(
        """
        import counter, importlib.util
        spec = importlib.util.find_spec("mlir.dialects.linalg")
        assert spec.name == "mlir.dialects.linalg" and spec.origin.endswith("linalg.py")
        assert "real.dialects.linalg" not in counter.executed
        assert importlib.util.find_spec("mlir.dialects.missing") is None
        """,
        package,
        alias="real",
    )


def test_pkgutil_inspect_and_runpy(package: Path) -> None:
    write(
        package,
        real__tool="def answer(): return 42\nif __name__ == '__main__': print('ran', answer(), __spec__.name)\n",
    )
    result = run(
        """
        import inspect, pkgutil, runpy, sys
        import mlir, real
        aliased = sorted(m.name for m in pkgutil.walk_packages(mlir.__path__, "mlir."))
        genuine = sorted(m.name for m in pkgutil.walk_packages(real.__path__, "real."))
        assert aliased == [name.replace("real", "mlir", 1) for name in genuine] and "mlir.dialects.linalg" in aliased
        assert pkgutil.resolve_name("mlir.dialects.linalg:Op") is sys.modules["real.dialects.linalg"].Op
        import mlir.tool
        assert inspect.getsource(mlir.tool.answer).startswith("def answer")
        del sys.modules["mlir.tool"], sys.modules["real.tool"]
        runpy.run_module("mlir.tool", run_name="__main__")
        """,
        package,
        alias="real",
    )
    assert result.stdout == "ran 42 mlir.tool\n"


def test_a_missing_module_is_named_as_it_was_asked_for(package: Path) -> None:
    result = run("import mlir.dialects.gone", package, alias="real", expect=1)
    assert result.stderr.rstrip().endswith("ModuleNotFoundError: No module named 'mlir.dialects.gone'")


def test_a_missing_requirement_of_a_module_is_named_itself(package: Path) -> None:
    write(package, real__needy="import not_installed_anywhere\n")
    result = run("import mlir.needy", package, alias="real", expect=1)
    assert result.stderr.rstrip().endswith("No module named 'not_installed_anywhere'")


def test_a_module_that_fails_can_be_imported_again(package: Path) -> None:
    write(
        package, real__flaky="import counter\ncounter.executed.append(__name__)\nif len(counter.executed) < 3: 1 / 0\n"
    )
    run(
        """
        try: import mlir.flaky
        except ZeroDivisionError: pass
        import mlir.flaky, real.flaky
        assert mlir.flaky is real.flaky
        """,
        package,
        alias="real",
    )


def test_threads_get_one_module(package: Path) -> None:
    write(
        package,
        real__slow="import counter, time\ncounter.executed.append(__name__)\ntime.sleep(0.2)\nready = True\n",
    )
    run(
        """
        import counter, importlib, threading
        found, barrier = [], threading.Barrier(8)
        def load(name):
            barrier.wait()
            module = importlib.import_module(name)
            scope = {}
            exec(f"from {name} import ready", scope)
            found.append((module, scope["ready"], module.__spec__.name))
        threads = [threading.Thread(target=load, args=(n,)) for n in ("mlir.slow", "real.slow") * 4]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        import real.slow
        assert len(found) == 8, found
        assert all(m is real.slow and ready for m, ready, _ in found)
        assert counter.executed.count("real.slow") == 1
        assert real.slow.__spec__.name == "real.slow"
        """,
        package,
        alias="real",
    )


def test_another_mlir_in_the_process_is_an_error(package: Path) -> None:
    write(package, mlir____init__="")
    code = "import mlir\nfrom lighthouse_build.bindings.alias import install\ninstall('real')"
    result = run(code, package, expect=1)
    assert "InputError: 'mlir' was already imported from" in result.stderr


def test_a_second_choice_in_one_process_is_an_error(package: Path) -> None:
    write(package, other____init__="")
    code = "from lighthouse_build.bindings.alias import install\ninstall('real')\ninstall('other')"
    result = run(code, package, alias="real", expect=1)
    assert "'mlir' is already 'real' in this process and cannot become 'other'" in result.stderr


def test_a_package_called_mlir_needs_no_alias(package: Path) -> None:
    write(package, mlir____init__="")
    run(
        """
        import sys
        from lighthouse_build.bindings.alias import install, installed
        install("mlir")
        assert installed() is None
        """,
        package,
    )


# --- which package ---


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory that packages are looked for in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    finder = importlib.machinery.PathFinder
    monkeypatch.setattr(sys, "meta_path", [finder])
    monkeypatch.delenv("LH_MLIR_PACKAGE", raising=False)
    return tmp_path


def test_torch_mlir_is_found(site: Path) -> None:
    place_bindings(site / "torch_mlir", "torch_mlir-20261001")
    provider = find()
    assert (provider.name, provider.root, provider.version) == ("torch_mlir", str(site / "torch_mlir"), "20261001")
    assert provider.files() == (str(site / "torch_mlir-20261001.dist-info" / "RECORD"),)
    assert str(provider) == "torch_mlir 20261001"


def test_a_real_mlir_comes_first(site: Path) -> None:
    place_bindings(site / "torch_mlir", "torch_mlir-20261001")
    place_bindings(site / "mlir", "mlir_python_bindings-24.1.0")
    assert (find().name, find().version) == ("mlir", "24.1.0")


def test_bindings_of_a_build_tree_have_no_version(site: Path) -> None:
    place_bindings(site / "mlir")
    provider = find()
    assert provider.version == "unknown"
    assert [os.path.basename(path).partition(".")[0] for path in provider.files()] == ["_mlir"]


def test_the_environment_chooses(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place_bindings(site / "torch_mlir")
    place_bindings(site / "vendor" / "_mlir")
    (site / "vendor" / "__init__.py").write_text("raise RuntimeError('finding must not import')\n")
    monkeypatch.setenv("LH_MLIR_PACKAGE", "vendor._mlir")
    assert (find().name, find().root) == ("vendor._mlir", str(site / "vendor" / "_mlir"))
    monkeypatch.setenv("LH_MLIR_PACKAGE", "")
    assert find().name == "torch_mlir"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", r"LH_MLIR_PACKAGE is 'absent', but no such package is installed"),
        ("hollow", r"LH_MLIR_PACKAGE is 'hollow', but the package at .*hollow holds no MLIR Python bindings"),
        ("not-a-name", r"LH_MLIR_PACKAGE is 'not-a-name', which is no name of a Python package"),
    ],
)
def test_a_bad_choice_is_explained(site: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    place_bindings(site / "torch_mlir")
    write(site, hollow____init__="")
    monkeypatch.setenv("LH_MLIR_PACKAGE", name)
    with pytest.raises(InputError, match=message):
        find()


def test_no_bindings_names_the_command_that_installs_them(site: Path) -> None:
    with pytest.raises(
        InputError, match=r"no MLIR Python bindings found by .*lighthouse-build\[bindings\].*LH_PYTHON_ENV"
    ):
        find()


@pytest.mark.parametrize("name", ["mlir", "mlir_python_bindings"])
def test_a_placeholder_is_named(site: Path, name: str) -> None:
    (site / name).mkdir()
    (site / name / "__init__.py").write_text("raise RuntimeError('finding must not import')\n")
    with pytest.raises(InputError, match=rf"the installed '{name}' is a placeholder .*lighthouse-build\[bindings\]"):
        find()
    place_bindings(site / "torch_mlir")
    assert find().name == "torch_mlir"


def test_bindings_that_do_not_load_are_an_input_error(tmp_path: Path) -> None:
    place_bindings(tmp_path / "broken")
    code = "from lighthouse_build.bindings import core; core('broken')"
    assert (
        "InputError: the MLIR Python bindings 'broken unknown' lack an IR module"
        in run(code, tmp_path, expect=1).stderr
    )


# --- the installed bindings ---


def test_the_bindings_are_mlir_under_every_name() -> None:
    run(
        ACTIVATE
        + textwrap.dedent("""
        import sys
        import mlir.ir
        from mlir.dialects import transform, func
        from mlir.dialects.transform import structured
        import mlir._mlir_libs._mlir.ir, mlir._mlir_libs._mlir.passmanager
        from mlir.passmanager import PassManager
        root = provider.name
        __import__(root + ".dialects.linalg"); __import__("mlir.dialects.linalg")
        assert sys.modules["mlir.ir"] is sys.modules[root + ".ir"]
        for name, module in list(sys.modules.items()):
            if name.startswith("mlir."):
                assert module is sys.modules[root + name[4:]], name
        assert mlir._mlir_libs._mlir.ir.Operation is mlir.ir.Operation
        with mlir.ir.Context(), mlir.ir.Location.unknown():
            module = mlir.ir.Module.parse("func.func @f() { return }")
            assert isinstance(module.body.operations[0], func.FuncOp)
        """)
    )


def test_the_core_needs_neither_numpy_nor_dialect_modules_and_shares_its_types() -> None:
    run(
        """
        import sys
        from lighthouse_build.bindings import core
        c = core()
        text = '''
            module attributes {transform.with_named_sequence} {
              transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
                %f = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
                transform.annotate %f "seen" : !transform.any_op
                transform.yield
              }
            }'''
        with c.ir.Context(), c.generic_operations():
            payload = c.ir.Module.parse("func.func @f(%a: index) -> index { return %a : index }")
            schedule = c.ir.Module.parse(text)
            c.apply_named_sequence(payload, schedule.body.operations[0], schedule)
            assert "seen" in payload.body.operations[0].operation.attributes
            assert type(payload.body.operations[0]) is c.ir.OpView
            c.passmanager.PassManager.parse("builtin.module(convert-to-llvm)").run(payload.operation)
            assert "define i64 @f(i64" in c.translate_module_to_llvmir(payload)
        outside = [name for name in sys.modules if name.startswith(c.provider.name) and "_mlir_libs" not in name]
        loaded = [name for name in outside if name != c.provider.name]
        assert not loaded and "numpy" not in sys.modules, loaded
        from mlir import ir
        assert ir.Module is c.ir.Module and ir.Context is c.ir.Context and ir.MLIRError is c.ir.MLIRError
        with ir.Context():
            module = ir.Module.parse("func.func @f() { return }")
            operation = module.body.operations[0]
            from mlir.dialects import func
            assert type(operation) is func.FuncOp, type(operation)
        """
    )


def test_loading_the_extensions_alone_leaves_typing_to_who_imports_it() -> None:
    run(
        """
        import sys
        assert "typing" not in sys.modules
        from lighthouse_build.bindings import core, direct
        c = core(whole=False)
        assert "typing" not in sys.modules and "re" not in sys.modules
        import typing
        assert typing.Generic[typing.TypeVar("T")] and typing.__file__
        """
    )


def test_bindings_that_want_more_of_typing_get_it() -> None:
    run(
        """
        import sys
        from lighthouse_build.bindings import direct
        with direct._OnDemand("typing", TypeVar=direct._TypeVariable):
            import typing
            assert typing.TypeVar("T").__name__ == "T" and "re" not in sys.modules
            optional = typing.Optional
        import typing as whole
        assert optional is whole.Optional and whole.TypeVar("T").__constraints__ == ()
        """
    )


def test_bindings_that_want_more_of_enum_get_it() -> None:
    run(
        """
        import sys
        from lighthouse_build.bindings import direct
        with direct._OnDemand("enum", Enum=direct._Enumeration):
            import enum
            assert issubclass(enum.Enum("E", (), module="m", qualname="q.E"), direct._Enumeration)
            assert "functools" not in sys.modules
            numbers = enum.IntEnum
        import enum as whole
        assert numbers is whole.IntEnum and not issubclass(whole.Enum, direct._Enumeration)
        """
    )


def test_enumerations_of_the_bindings_are_what_enum_would_make() -> None:
    code = """
        import sys
        from lighthouse_build.bindings import core
        ir = core(whole=WHOLE).ir
        assert ("functools" in sys.modules) is WHOLE
        for enumeration in (ir.DiagnosticSeverity, ir.WalkResult, ir.IntegerType.Signedness):
            print(enumeration.__module__, enumeration.__qualname__)
            print([(str(m), repr(m), m.name, m.value, getattr(enumeration, m.name) is m) for m in enumeration])
        with ir.Context(), ir.Location.unknown():
            signed = ir.IntegerType.get(8, ir.IntegerType.Signedness.SIGNED)
            print(signed, signed.signedness, signed.signedness == ir.IntegerType.SIGNED)
    """
    light, whole = (run(code.replace("WHOLE", value)).stdout for value in ("False", "True"))
    assert light == whole
    assert "DiagnosticSeverity.ERROR" in light
    assert "si8 Signedness.SIGNED True" in light


# One pass or more of every library that the upstream bindings link, by what registers it.
PASSES = """
    canonicalize cse inline symbol-dce sccp loop-invariant-code-motion strip-debuginfo mem2reg sroa
    func.func(affine-loop-unroll,lower-affine,affine-super-vectorize) arith-expand
    func.func(arith-emulate-unsupported-floats) async-to-async-runtime
    one-shot-bufferize{bufferize-function-boundaries=1} buffer-deallocation-pipeline
    buffer-results-to-out-params func.func(promote-buffers-to-stack) func.func(gpu-decompose-memrefs)
    linalg-generalize-named-ops linalg-fuse-elementwise-ops func.func(convert-linalg-to-loops)
    func.func(llvm-request-c-wrappers) expand-strided-metadata normalize-memrefs fold-memref-alias-ops
    math-uplift-to-fma scf-for-loop-canonicalization scf-forall-to-for resolve-shaped-type-result-dims
    sparsification func.func(tosa-to-linalg) transform-interpreter{entry-point=main} transform-preload-library
    convert-vector-to-scf convert-vector-to-llvm convert-scf-to-cf convert-scf-to-openmp convert-cf-to-llvm
    convert-func-to-llvm convert-arith-to-llvm convert-math-to-llvm convert-math-to-libm
    convert-complex-to-standard convert-index-to-llvm convert-openmp-to-llvm convert-async-to-llvm
    finalize-memref-to-llvm convert-to-llvm reconcile-unrealized-casts convert-func-to-emitc
"""


def test_the_core_has_every_pass_and_transform_extension() -> None:
    run(
        f"""
        from lighthouse_build.bindings import core
        c = core()
        with c.ir.Context() as context:
            for name in {PASSES.split()!r}:
                c.passmanager.PassManager.parse(f"builtin.module({{name}})")
            try: c.passmanager.PassManager.parse("builtin.module(no-such-pass)")
            except ValueError: pass
            else: raise SystemExit("an unknown pass was accepted")
            for operation in (
                "bufferization.one_shot_bufferize", "loop.unroll", "memref.alloca_to_global", "pdl_match",
                "structured.vectorize", "tensor.make_loop_independent", "apply_patterns.vector.lower_contraction",
                "tune.knob", "debug.emit_remark_at"
            ):
                context.is_registered_operation("transform." + operation) or exit(operation)
        """
    )


def test_the_bindings_work_without_numpy(tmp_path: Path) -> None:
    write(tmp_path, numpy="raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')\n")
    run(
        ACTIVATE
        + textwrap.dedent("""
        from mlir import ir
        from mlir.dialects import func, transform
        from mlir.dialects.transform import structured
        with ir.Context(), ir.Location.unknown():
            module = ir.Module.create()
            module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
            any_op = transform.AnyOpType.get()
            with ir.InsertionPoint(module.body):
                sequence = transform.NamedSequenceOp("__transform_main", [any_op], [])
                with ir.InsertionPoint(sequence.body):
                    matched = structured.MatchOp.match_op_names(any_op, sequence.bodyTarget, ["linalg.matmul"])
                    structured.TileUsingForOp(matched.result, sizes=[8, 8])
                    transform.YieldOp([])
            assert module.operation.verify()
        """),
        tmp_path,
    )
