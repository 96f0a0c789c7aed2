# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The documentation: reference pages agree with their sources, links lead somewhere, versions are told once."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def gen_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_docs", ROOT / "tools" / "gen_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_pages_are_up_to_date(gen_docs: ModuleType) -> None:
    assert gen_docs.stale(write=False) == [], "run tools/gen_docs.py"


def test_every_flag_and_kind_is_in_the_reference() -> None:
    sys.path.insert(0, str(ROOT / "python"))
    from lighthouse_build.command_line import FLAGS, KINDS

    page = (ROOT / "docs" / "lh-opt.md").read_text()
    flags = {name for flag in FLAGS for name in flag.names}
    assert {"--stage", "--emit", "--depfile"} <= flags
    assert [flag for flag in flags if f"`{flag}" not in page] == []
    assert [kind for kind in KINDS if f"| `{kind}` |" not in page] == []


def test_the_formatter_learns_the_keywords_of_public_functions(
    gen_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(
        tmp_path,
        "function(lh_thing name)\n  set(options FAST)\n  set(\n    multi_value\n    A\n    B\n  )\n"
        '  _lh_parse_arguments(1 "${options}" "" "${multi_value}")\nendfunction()\n',
    )
    monkeypatch.setattr(gen_docs, "ROOT", tmp_path)
    expected = 'function(lh_thing name)\n  cmake_parse_arguments(PARSE_ARGV 1 ARG "FAST" "" "A;B")\nendfunction()\n'
    assert gen_docs.signatures().endswith(expected)
    (tmp_path / "cmake" / "lh_thing.cmake").write_text("function(lh_thing name)\nendfunction()\n")
    with pytest.raises(gen_docs.SourceError, match=r"lh_thing\.cmake: no public function"):
        gen_docs.signatures()


def write_tree(root: Path, cmake: str) -> None:
    (root / "cmake").mkdir()
    (root / "cmake" / "lh_thing.cmake").write_text(cmake)


def test_a_public_function_without_documentation_is_refused(
    gen_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, "function(lh_thing name)\nendfunction()\n")
    monkeypatch.setattr(gen_docs, "ROOT", tmp_path)
    with pytest.raises(gen_docs.SourceError, match=r"lh_thing\.cmake: lh_thing\(\)"):
        gen_docs.cmake_page()


def test_comments_and_properties_become_the_cmake_page(
    gen_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(
        tmp_path,
        'define_property(TARGET PROPERTY LH_X BRIEF_DOCS "Short." FULL_DOCS "Long \\"text\\", \\\ncontinued | here.")\n'
        "#[==[.md:\n## lh_thing\n\nDoes [[things]].\n#]==]\nfunction(lh_thing name)\nendfunction()\n",
    )
    monkeypatch.setattr(gen_docs, "ROOT", tmp_path)
    page = gen_docs.cmake_page()
    assert "* [lh_thing](#lh_thing)\n" in page
    assert "## lh_thing\n\nDoes [[things]].\n\n## Target properties" in page
    assert '| `LH_X` | Long "text", continued \\| here. |' in page


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page if (ROOT / page).exists() else ROOT / "docs" / page
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        destination = (path.parent / file) if file else path
        assert destination.exists(), f"{page}: ({target})"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", destination.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in anchors, f"{page}: ({target})"


def test_the_extra_and_the_lock_pin_the_same_bindings() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    extra = re.search(r"^bindings = \[(.*)\]$", text, re.MULTILINE)
    assert extra is not None
    pins = re.findall(r'"([\w-]+==[\w.]+)"', extra[1])
    assert len(pins) == 2
    for name in ("requirements/build.in", "requirements/build.txt", "requirements/test.txt"):
        lines = [line.removesuffix(" \\") for line in (ROOT / name).read_text().splitlines()]
        assert [pin for pin in pins if pin not in lines] == [], name
