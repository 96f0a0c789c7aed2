# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the driver and the build rules cost, against what a user would use instead.

    python3 bench/run.py --python ENV/bin/python3        # ENV has the bindings; all of it takes about an hour
    python3 bench/run.py --python … --quick              # small projects, few runs: some minutes
    python3 bench/run.py --python … --only lowering start

Each figure is a median of whole processes, measured in turn with its peer. See README.md for the method.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import payloads
import projects
from measure import Cost, Failed, Figures, configure, in_turn, run

ROOT = Path(__file__).resolve().parents[1]
DRIVER = ROOT / "python" / "lighthouse_build" / "__main__.py"
CONFIGURE = ["cmake", "-G", "Ninja", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release"]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        item: what is measured.
        ours, peer: the figures; a peer may be missing.
        against: what the peer is.
        bar: the ratio of wall times that is wanted, or of memory.
        of: `wall` or `memory`.
    """

    item: str
    ours: Figures
    peer: Figures | None = None
    against: str = ""
    bar: float | None = None
    of: str = "wall"

    def ratio(self, figure: str) -> float | None:
        if self.peer is None:
            return None
        return float(getattr(self.ours, figure) / max(getattr(self.peer, figure), 1e-9))

    def verdict(self) -> str:
        ratio = self.ratio(self.of)
        if self.bar is None or ratio is None:
            return ""
        return f"{'' if self.of == 'wall' else self.of + ' '}{self.bar:g} {'met' if ratio <= self.bar else 'MISSED'}"


class Bench:
    """One run of the benchmarks."""

    def __init__(self, options: argparse.Namespace, scratch: Path) -> None:
        self.quick: bool = options.quick
        self.counts: list[int] = options.growth or ([60, 600] if options.quick else [500, 5000])
        self.runs: int = options.runs or (7 if options.quick else 21)
        self.python: str = options.python
        self.scratch = scratch
        names = ("mlir-opt", "mlir-translate", "clang")
        self.tools = {name: str(Path(options.tools) / name) for name in names}
        # As a build calls the driver.
        self.driver = [self.python, "-I", "-S", "-B", str(DRIVER)]

    # --- one lowering ---

    def lowering(self) -> Iterator[Row]:
        """One lowering, cold."""
        sizes = {"small": payloads.small(), "medium": payloads.medium(), "large": payloads.large()}
        for size, text in sizes.items():
            path = self.scratch / f"{size}.mlir"
            path.write_text(text)
            runs = self.runs if size != "large" else (0 if self.quick else 5)
            for kind in ("mlir", "llvmir", "object"):
                yield from self._lower(size, path, kind, runs)

    def _lower(self, size: str, path: Path, kind: str, runs: int) -> Iterator[Row]:
        opt = [self.tools["mlir-opt"], str(path), f"--pass-pipeline=builtin.module({payloads.PIPELINE})"]
        translate = [self.tools["mlir-translate"], "--mlir-to-llvmir"]
        compile_ = [self.tools["clang"], "-O3", "-fPIC", "-Wno-override-module", "-c", "-x", "ir", "-"]
        chain = " | ".join(map(_shell, (opt, translate, [*compile_, "-o", "native.o"])))
        cases: dict[str, Callable[[], Cost]] = {
            "ours": self._case([*self.driver, str(path), f"--stage={payloads.PIPELINE}", f"--emit={kind}=ours.{kind}"]),
        }
        if kind == "object":
            cases["chain"] = self._case(["/bin/sh", "-c", chain])
        else:
            cases["mlir-opt"] = self._case([*opt, "-o", "native.mlir"])
        if kind == "llvmir":
            cases["mlir-opt, mlir-translate"] = self._case(
                ["/bin/sh", "-c", f"{_shell(opt)} | {_shell([*translate, '-o', 'native.ll'])}"]
            )
        found = in_turn(cases, runs)
        bar = {"small": {"mlir": 1.6, "llvmir": 1.6, "object": 1.0}}.get(size, {}).get(kind)
        for peer, figures in list(found.items())[1:]:
            name = "mlir-opt, mlir-translate, clang -O3" if peer == "chain" else peer
            wanted = bar if peer in ("mlir-opt", "chain") else None
            yield Row(f"{size} payload to {kind}", found["ours"], figures, name, wanted)
            if kind == "mlir":
                memory = 1.8 if size == "small" else 2.0 if size == "large" else None
                yield Row(f"{size} payload to {kind}, memory", found["ours"], figures, name, memory, "memory")
        floor = self._floor(path, kind, 1 if size == "large" else 5)
        yield Row(f"{size} payload to {kind}, in one process", floor, found["ours"], "cold")

    def _floor(self, path: Path, kind: str, runs: int) -> Figures:
        script = str(Path(__file__).with_name("floor.py"))
        command = [self.python, "-I", script, str(path), payloads.PIPELINE, kind, str(runs)]
        printed = subprocess.run(command, capture_output=True, text=True, check=False)
        if printed.returncode:
            raise Failed(printed.stderr[-2000:])
        seconds = float(printed.stdout)
        return Figures(seconds, seconds, 0, seconds, seconds, runs)

    def _case(self, command: Sequence[str], status: int = 0) -> Callable[[], Cost]:
        return lambda: run(command, self.scratch, status)

    # --- without MLIR ---

    def start(self) -> Iterator[Row]:
        """Help, version and mistakes."""
        (self.scratch / "here.mlir").write_text(payloads.small())
        uses = {
            "--help": (["--help"], 0),
            "--version": (["--version"], 0),
            "an unknown flag": (["--emitt=mlir"], 2),
            "a bad spec": (["here.mlir", "--stage=tile.py{size="], 3),
            "a missing payload": (["missing.mlir", "--stage=canonicalize"], 3),
            "a missing stage": (["here.mlir", "--stage=missing.yaml"], 3),
        }
        cases = {name: self._case([*self.driver, *arguments], status) for name, (arguments, status) in uses.items()}
        found = in_turn({"python": self._case([self.python, "-I", "-S", "-c", "pass"]), **cases}, 3 * self.runs)
        for name in uses:
            yield Row(name, found[name], found["python"], "python3 -I -S -c pass", 2.5)

    # --- resolving ---

    def resolving(self) -> Iterator[Row]:
        """Resolving a stage."""
        (self.scratch / "mark.py").write_text(projects.GENERATOR)
        passes = "".join(f"  - pass: {json.dumps(p)}\n" for p in ("canonicalize", payloads.BUFFERIZE, payloads.LLVM))
        (self.scratch / "lower.yaml").write_text("Pipeline:\n" + passes)
        cases = {
            "a generator in Python": self._case([*self.driver, "--stage=mark.py", "--emit=stage=mark.stage.mlir"]),
            "a pipeline in YAML": self._case([*self.driver, "--stage=lower.yaml", "--emit=stage=lower.stage.mlir"]),
            "import": self._case([self.python, "-I", "-c", "import torch_mlir.ir"]),
        }
        found = in_turn(cases, self.runs)
        for name in ("a generator in Python", "a pipeline in YAML"):
            yield Row(f"resolve {name}", found[name], found["import"], "python3 -c 'import torch_mlir.ir'")

    # --- projects ---

    def project(self) -> Iterator[Row]:
        """A project of many payloads by four stages."""
        count = 60 if self.quick else 500
        for what, (ours, peer) in self._project(count).items():
            bar = {"clean build": 1.0, "no-op build": 1.1}.get(what)
            yield Row(f"{count} payloads: {what}", ours, peer, "custom commands", bar)

    def growth(self) -> Iterator[Row]:
        """What a payload costs among few and many, lowered to MLIR only, so that thousands are built in minutes."""
        few, many = (self._costs_among(count) for count in self.counts)
        for what in few:
            grown = []
            for side, name in enumerate(("lh_lower", "custom commands")):
                least, most = few[what][side], many[what][side]
                grown.append((most.wall / least.wall, most.cpu / least.cpu))
                yield Row(f"{what}, one payload of {self.counts[1]}: {name}", most, least, f"of {self.counts[0]}")
            # A ratio, shown as such in the columns of milliseconds.
            ours, peer = (Figures(wall / 1000, cpu / 1000, 0, wall / 1000, wall / 1000, 1) for wall, cpu in grown)
            yield Row(f"growth (times): {what}", ours, peer, "custom commands", 1.1, "cpu")

    def _costs_among(self, count: int) -> dict[str, tuple[Figures, Figures]]:
        """The costs of a payload of a project of `count`, with lh_lower() and with custom commands."""
        ours, peer = self.scratch / f"ours{count}", self.scratch / f"plain{count}"
        projects.lighthouse(ours, count, ROOT, emit="mlir")
        projects.plain(peer, count, self.tools, emit="mlir")
        first = [*CONFIGURE, f"-DLH_PYTHON_ENV={Path(self.python).parents[1]}"]
        build = ["ninja", "-C", "build", "-j", str(os.cpu_count())]
        rounds = 3 if self.quick else 7
        steps = {
            "configure and generate": (self._in(ours, first), self._in(peer, CONFIGURE), rounds),
            "clean build": (self._in(ours, build), self._in(peer, build), 0),
            "no-op build": (self._in(ours, build), self._in(peer, build), rounds),
        }
        costs = {}
        for what, (mine, theirs, runs) in steps.items():
            pair = in_turn({"ours": mine, "peer": theirs}, runs)
            costs[what] = (pair["ours"].over(count), pair["peer"].over(count))
        shutil.rmtree(ours)
        shutil.rmtree(peer)
        return costs

    def _project(self, count: int) -> dict[str, tuple[Figures, Figures]]:
        ours, peer = self.scratch / f"ours{count}", self.scratch / f"plain{count}"
        projects.lighthouse(ours, count, ROOT)
        projects.plain(peer, count, self.tools)
        environment = Path(self.python).parents[1]
        configure = CONFIGURE
        build = ["ninja", "-C", "build", "-j", str(os.cpu_count())]
        first = {
            "configure, first": (
                self._in(ours, [*configure, f"-DLH_PYTHON_ENV={environment}"]),
                self._in(peer, configure),
            ),
            "clean build": (self._in(ours, build), self._in(peer, build)),
        }
        found = {what: (Figures.of([mine()]), Figures.of([theirs()])) for what, (mine, theirs) in first.items()}
        repeated = {
            "configure": (self._in(ours, configure), self._in(peer, configure)),
            "no-op build": (self._in(ours, build), self._in(peer, build)),
        }
        for what, (mine, theirs) in repeated.items():
            pair = in_turn({"ours": mine, "peer": theirs}, 5 if self.quick else 9)
            found[what] = (pair["ours"], pair["peer"])

        def edited(root: Path, file: str, old: str, new: str) -> Cost:
            path = root / file
            text = path.read_text()
            if old not in text:
                raise Failed(f"{path} lacks '{old}'")
            path.write_text(text.replace(old, new))
            try:
                return self._in(root, build)()
            finally:
                path.write_text(text)

        edits = {
            "one payload edited": ("p1.mlir", "0.0 : f32", "1.0 : f32"),
            "comment in the shared generator": ("mark.py", '"""A schedule', '"""The schedule'),
            "its option changed": ("CMakeLists.txt", "mark=seen", "mark=found"),
        }
        peers = {"comment in the shared generator": ("mark.mlir", "module", "// Comment.\nmodule")}
        peers["its option changed"] = ("mark.mlir", '"seen"', '"found"')
        for what, edit in edits.items():
            theirs = peers.get(what, edit)
            found[what] = (Figures.of([edited(ours, *edit)]), Figures.of([edited(peer, *theirs)]))
            for root in (ours, peer):
                self._in(root, build)()
        shutil.rmtree(ours)
        shutil.rmtree(peer)
        return found

    def _in(self, root: Path, command: Sequence[str]) -> Callable[[], Cost]:
        return lambda: run(command, root)

    # --- configuring ---

    def configuring(self) -> Iterator[Row]:
        """Configuring many calls."""
        count = 200 if self.quick else 1000
        ours, peer = self.scratch / "calls", self.scratch / "plain-calls"
        projects.lighthouse(ours, count, ROOT, per_library=1)
        projects.plain(peer, count, self.tools, per_library=1)
        run([*CONFIGURE, f"-DLH_PYTHON_ENV={Path(self.python).parents[1]}"], ours)
        run(CONFIGURE, peer)
        costs: dict[Path, list[tuple[Cost, Cost]]] = {ours: [], peer: []}
        for _ in range(3 if self.quick else 7):
            for root, found in costs.items():
                found.append(configure(CONFIGURE, root))
        steps = {
            f"{count} lh_lower: configure": lambda pair: pair[0],
            f"{count} lh_lower: generate": lambda pair: pair[1],
            f"{count} lh_lower: both": lambda pair: Cost(pair[0].wall + pair[1].wall, pair[0].cpu + pair[1].cpu, 0),
        }
        for what, step in steps.items():
            mine, theirs = (Figures.of([step(pair) for pair in costs[root]]) for root in (ours, peer))
            yield Row(what, mine, theirs, "add_custom_command and add_library", 3.0 if "both" in what else None, "cpu")

    # --- generated code ---

    def code(self) -> Iterator[Row]:
        """Code that the shipped pipelines make: the table of stages.py."""
        out = self.scratch / "stages.json"
        command = [self.python, str(Path(__file__).with_name("stages.py")), "--json", str(out)]
        command += ["--clang", self.tools["clang"]]
        command += ["--only", "matmul", "--pairs", "30"] if self.quick else []
        run(command, self.scratch)
        print((self.scratch / "output.log").read_text())
        yield from ()

    # --- linear work ---

    def linear(self) -> Iterator[Row]:
        """Reading, rewriting and hashing of large constants; each against a sixteenth of it, a byte."""
        sizes = (16, 64) if self.quick else (16, 256)
        script = str(Path(__file__).with_name("linear.py"))
        command = [self.python, "-I", script, *map(str, sizes)]
        printed = subprocess.run(command, capture_output=True, text=True, check=False)
        if printed.returncode:
            raise Failed(printed.stderr[-2000:])
        for what, seconds in json.loads(printed.stdout).items():
            least, most = (Figures(s / mib, s / mib, 0, s / mib, s / mib, 3) for s, mib in zip(seconds, sizes))
            yield Row(f"{what}, {sizes[1]} MiB, a MiB", most, least, f"{sizes[0]} MiB", 3.0)


def _shell(command: Sequence[str]) -> str:
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)


def _table(title: str, rows: Sequence[Row]) -> str:
    lines = [f"### {title}", "", "| | ms (least to most) | CPU ms | MiB | against | ms | ratio | CPU | bar |"]
    lines.append("|---|--:|--:|--:|---|--:|--:|--:|---|")
    for row in rows:
        ours, ratio = row.ours, row.ratio("cpu")
        cells = [row.item, f"{_ms(ours.wall)} ({_ms(ours.least)} to {_ms(ours.most)})", _ms(ours.cpu)]
        cells.append(f"{ours.memory:.0f}" if ours.memory else "")
        cells += [row.against, _ms(row.peer.wall) if row.peer else ""]
        cells += [f"{row.ratio(row.of) or 0:.2f}" if row.peer else "", f"{ratio:.2f}" if ratio else "", row.verdict()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f}" if seconds >= 0.1 else f"{1000 * seconds:.1f}"


def _machine(bench: Bench) -> str:
    processor = (
        re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) if sys.platform == "linux" else None
    )
    version = subprocess.run([*bench.driver, "--version"], capture_output=True, text=True, check=False).stdout
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    name = processor[1] if processor else platform.machine()
    return f"{os.cpu_count()} processors, {name}; load {load}\n{version}"


def main() -> int:
    """Run the benchmarks; the exit status."""
    items = ("lowering", "start", "resolving", "project", "growth", "configuring", "code", "linear")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="a Python of an environment that has the bindings")
    parser.add_argument("--tools", default="/usr/lib/llvm-22/bin", help="directory of mlir-opt, mlir-translate, clang")
    parser.add_argument("--only", nargs="+", choices=items, default=list(items))
    parser.add_argument("--quick", action="store_true", help="small projects and few runs")
    parser.add_argument(
        "--growth",
        type=int,
        nargs=2,
        metavar="COUNT",
        help="payloads to measure growth between; by default 500 and 5000",
    )
    parser.add_argument("--runs", type=int, help="runs of each small command; by default 21, or 7 with --quick")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    compileall.compile_dir(DRIVER.parent, quiet=2)  # as configuring a build does, by the same Python
    subprocess.run([options.python, "-m", "compileall", "-q", str(DRIVER.parent)], check=False)
    figures: dict[str, object] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="lh-bench-") as scratch:
        bench = Bench(options, Path(scratch))
        print(_machine(bench))
        for item in options.only:
            started = time.perf_counter()
            method: Callable[[], Iterator[Row]] = getattr(bench, item)
            rows: list[Row] = []
            try:
                rows.extend(method())
            except (Failed, OSError) as error:
                failed = True
                print(f"bench: {item}: {error}", file=sys.stderr)
            if rows:
                print(_table((method.__doc__ or "").strip().rstrip("."), rows), flush=True)
            print(f"({item} took {time.perf_counter() - started:.0f} s)", file=sys.stderr)
            figures[item] = [
                {
                    "item": row.item,
                    "against": row.against,
                    "bar": row.bar,
                    "ours": row.ours.to_json(),
                    "peer": row.peer.to_json() if row.peer else None,
                }
                for row in rows
            ]
            if options.json:
                options.json.write_text(json.dumps({"machine": _machine(bench), **figures}, indent=1) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
