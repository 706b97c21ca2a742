"""The house rules a reader relies on: small modules, no cycles, nothing of one machine in the tree.

Imports that point upwards are found by import-linter (`make lint`).
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("queue_service", "display", "bench")
OURS = (*PACKAGES, "tests", "config", "docs", ".ci")
TOP = ("pyproject.toml", "Makefile", "README.md", "CHANGELOG.md")
LOCKS = ("requirements.lock", "requirements-test.lock")
MOST_LINES = 300
TEXT = {".py", ".toml", ".md", ".html", ".css", ".js", ".po", ".txt", ".csv", ".svg", ".xml", ""}
WORDS_TO_AVOID = {"utils", "util", "helpers", "helper", "manager", "managers", "service", "common"}

MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|opt)/(?!\{)[\w.-]+")
HOSTS = re.compile(r"pypi\.(?:org|python)|pythonhosted|registry\.npm|--index-url")
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)(?:-\w+)*|left|right)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)"
)
INLINE = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def texts() -> Iterator[tuple[Path, str]]:
    """Everything we wrote, but for this file, which names what it looks for."""
    files = [ROOT / name for name in TOP]
    for folder in OURS:
        files += sorted((ROOT / folder).rglob("*"))
    for file in files:
        if file == Path(__file__) or "__pycache__" in file.parts:
            continue
        if file.is_file() and file.suffix in TEXT:
            yield file, file.read_text(encoding="utf-8", errors="replace")


def findings(pattern: re.Pattern[str], file: Path, text: str) -> list[str]:
    place = file.relative_to(ROOT)
    return [
        f"{place}:{number}: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)


def test_no_module_has_more_than_three_hundred_lines() -> None:
    long = {
        str(module.relative_to(ROOT)): lines
        for module in modules()
        if (lines := len(module.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_every_module_says_what_it_does() -> None:
    silent = [
        str(module.relative_to(ROOT))
        for module in modules()
        if not ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_module_is_named_after_nothing() -> None:
    named = [str(m.relative_to(ROOT)) for m in modules() if m.stem in WORDS_TO_AVOID]
    assert named == []


def test_no_imports_go_round_in_circles() -> None:
    circles = [
        (module, imported)
        for module in sorted(graph().modules)
        for imported in sorted(graph().find_modules_directly_imported_by(module))
        if graph().chain_exists(importer=imported, imported=module)
    ]
    assert circles == []


def test_nothing_of_one_machine_is_in_the_tree() -> None:
    found = [hit for file, text in texts() for hit in findings(MACHINE, file, text)]
    assert found == []


def test_no_package_index_is_named() -> None:
    found = [hit for file, text in texts() for hit in findings(HOSTS, file, text)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_a_hash_and_without_a_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(packages) > 50
    assert [p.split("\n")[0] for p in packages if "==" not in p or "--hash=sha256:" not in p] == []
    assert "://" not in text


def test_both_locks_agree() -> None:
    pins = [
        dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in LOCKS
    ]
    assert {name: pin for name, pin in pins[0].items() if pins[1].get(name) != pin} == {}


def stylesheets() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.css"))


def templates() -> list[Path]:
    """Pages only: mail programs know no stylesheets, so letters are allowed theirs inline."""
    found = (file for package in PACKAGES for file in (ROOT / package).rglob("*.html"))
    return sorted(file for file in found if "notify" not in file.parts)


def test_there_are_screens_to_look_at() -> None:
    assert stylesheets()
    assert templates()


def test_stylesheets_know_no_left_and_right() -> None:
    found = [hit for css in stylesheets() for hit in findings(PHYSICAL, css, css.read_text())]
    assert found == []


def test_stylesheets_need_neither_ids_nor_importance() -> None:
    important = re.compile(r"!important|^\s*#[a-z][\w-]*[\s,{:.]", re.IGNORECASE)
    found = [hit for css in stylesheets() for hit in findings(important, css, css.read_text())]
    assert found == []


def test_templates_have_no_inline_style_or_handler() -> None:
    found = [hit for html in templates() for hit in findings(INLINE, html, html.read_text())]
    assert found == []


def test_templates_have_no_inline_script() -> None:
    found = [
        f"{html.relative_to(ROOT)}: {script['attributes'].strip()}"
        for html in templates()
        for script in SCRIPT.finditer(html.read_text(encoding="utf-8"))
        if script["body"].strip() or "src=" not in script["attributes"]
    ]
    assert found == []
