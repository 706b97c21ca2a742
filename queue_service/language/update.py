"""`python -m queue_service.language.update`: find every sentence and merge it into the catalogues.

Sentences are string literals in ``_()``, ``t()``, ``mark()``, ``catalogue(language)()``,
``.plural()``, ``.html()`` and ``.html_plural()`` of Python modules and of templates (scripts get
theirs from templates, by data attributes). What is gone leaves the catalogues; what is new is added
empty and named. Exit code 1 while something waits for its translation.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from queue_service.language.catalogues import LANGUAGES, LOCALES

ROOT = Path(__file__).resolve().parents[2]
LOCALE = Path(__file__).resolve().parent / "locale"
_SOURCES = ("queue_service", "display")
_TEMPLATES = {".html", ".txt", ".svg", ".xml", ".j2", ".jinja"}
_SINGLE_NAMES = {"_", "t", "mark", "gettext", "catalogue"}
"""`catalogue` is called twice: ``catalogue(language)("…")``."""
_SINGLE_METHODS = {"html", "_", "t", "mark", "gettext"}
_PLURALS = {"plural", "html_plural", "ngettext"}

Message = str | tuple[str, str]


def messages() -> dict[Message, list[tuple[str, int]]]:
    """Every sentence of code and templates with the places it is said at."""
    found: dict[Message, list[tuple[str, int]]] = {}
    for path in _files():
        text = path.read_text(encoding="utf-8")
        said = _in_python(text) if path.suffix == ".py" else _in_template(text)
        for message, line in said:
            found.setdefault(message, []).append((path.relative_to(ROOT).as_posix(), line))
    return found


def _files() -> Iterator[Path]:
    for source in _SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            template = path.suffix in _TEMPLATES and "static" not in path.parts
            if path.is_file() and (path.suffix == ".py" or template):
                yield path


def _in_python(text: str) -> Iterator[tuple[Message, int]]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.func if isinstance(node.func, ast.Call) else node.func
        if isinstance(called, ast.Name):
            name, method = called.id, False
        elif isinstance(called, ast.Attribute):
            name, method = called.attr, True
        else:
            continue
        if (name == "catalogue") is not isinstance(node.func, ast.Call):
            continue
        literals = [_python_literals(argument) for argument in node.args[:2]]
        for message in _said(name, method, literals):
            yield message, node.lineno


def _python_literals(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _python_literals(node.body) + _python_literals(node.orelse)
    return []


def _in_template(text: str) -> Iterator[tuple[Message, int]]:
    tree = Environment(autoescape=True).parse(text)
    for node in tree.find_all(nodes.Call):
        if isinstance(node.node, nodes.Name):
            name, method = node.node.name, False
        elif isinstance(node.node, nodes.Getattr):
            name, method = node.node.attr, True
        else:
            continue
        literals = [_template_literals(argument) for argument in node.args[:2]]
        for message in _said(name, method, literals):
            yield message, node.lineno


def _template_literals(node: nodes.Expr) -> list[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, nodes.CondExpr):
        otherwise = _template_literals(node.expr2) if node.expr2 else []
        return _template_literals(node.expr1) + otherwise
    return []


def _said(name: str, method: bool, literals: list[list[str]]) -> list[Message]:
    if name in _PLURALS and len(literals) > 1 and literals[0] and literals[1]:
        return [(literals[0][0], literals[1][0])]
    if literals and name in (_SINGLE_METHODS if method else _SINGLE_NAMES):
        return list(filter(None, literals[0]))
    return []


def template() -> Catalog:
    """All sentences as a catalogue without translations."""
    catalog = Catalog(project="queue-service", charset="utf-8", fuzzy=False)
    for message, places in sorted(messages().items(), key=lambda item: item[1][0]):
        files = sorted({path for path, _ in places})
        catalog.add(message, locations=[(path, 0) for path in files])
    return catalog


def read(language: str) -> Catalog:
    """The stored catalogue of `language`; an empty one when there is none yet."""
    path = _path(language)
    if not path.exists():
        return Catalog(locale=Locale.parse(LOCALES[language]), charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALES[language])


def missing(catalog: Catalog) -> list[str]:
    """Sentences without a translation, or with a plural form left out."""
    lacking = []
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(forms)):
            lacking.append(message.id if isinstance(message.id, str) else message.id[0])
    return lacking


def _path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "messages.po"


def merge(language: str, source: Catalog) -> Catalog:
    """Bring the stored catalogue of `language` up to `source`; English translates itself."""
    catalog = read(language)
    catalog.update(source, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.project, catalog.version = "queue-service", "1"
    name = "Easy German" if language == "de_simple" else Locale.parse(language).english_name
    catalog.header_comment = f"# What queue-service says in {name}."
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "queue-service"
    if language == "en":
        for message in catalog:
            if message.id:
                message.string = message.id
    path = _path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, include_lineno=False, ignore_obsolete=True)
    return catalog


def main() -> int:
    """Merge into every catalogue, name what waits for a translation."""
    waiting = 0
    for language in LANGUAGES:
        # One source a language: what is new is taken over as it is, and English fills it in.
        source = template()
        lacking = missing(merge(language, source))
        waiting += len(lacking)
        sys.stdout.write(f"{language}: {len(source)} sentences, {len(lacking)} to translate\n")
        sys.stdout.writelines(f"  {msgid}\n" for msgid in lacking)
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
