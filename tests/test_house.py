"""The shape of the house, as far as a machine sees it: sizes, names, imports, and docs that speak of what is there."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BENCH = sorted((ROOT / "bench").rglob("*.py"))
FILES = [path for path in SOURCE + TESTS + BENCH if "node_modules" not in path.parts]

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    """A path as the reader of a failure wants to see it."""
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file of ours."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.AST) -> Iterator[Function]:
    """All functions and methods, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines of a function from `def` to its end, its docstring left out."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return total
    docstring = function.body[0]
    return total - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def document(name: str) -> str:
    """The text of a page under docs/; a page that is missing is a failure, not an empty one."""
    path = ROOT / "docs" / name
    assert path.is_file(), f"docs/{name} is missing"
    return path.read_text(encoding="utf-8")


def test_no_file_is_long() -> None:
    """A file over 400 lines hides two decisions."""
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 1
    assert {name: count for name, count in lengths.items() if count > MAX_FILE_LINES} == {}


def test_no_function_is_long() -> None:
    """A function over 50 lines does two things."""
    long = [
        f"{relative(path)}:{function.lineno} {function.name} has {body_lines(function)} lines"
        for path in FILES
        for function in functions(parse(path))
        if body_lines(function) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_every_module_says_what_it_hides() -> None:
    """A module opens with a docstring whose first line is a sentence, or begins one."""
    assert [relative(path) for path in FILES if not (ast.get_docstring(parse(path)) or "").strip()] == []


def test_every_test_says_what_holds() -> None:
    """Each test has a docstring: what would be broken if it failed."""
    silent = [
        f"{relative(path)}::{function.name}"
        for path in TESTS
        if path.name.startswith("test_")
        for function in functions(parse(path))
        if function.name.startswith("test_") and ast.get_docstring(function) is None
    ]
    assert silent == []


def test_no_module_is_a_drawer() -> None:
    """A name such as `utils` says that nobody knew where the thing belongs."""
    assert [relative(path) for path in FILES if BANNED_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)] == []


def test_no_cycle_is_hidden() -> None:
    """Imports for the type checker alone would hide a cycle from those that run."""
    word = "TYPE_" + "CHECKING"
    assert [relative(path) for path in FILES if word in path.read_text(encoding="utf-8")] == []


def test_the_domain_reads_no_clock() -> None:
    """Time enters the domain as an argument: nothing in it asks what time it is."""
    asked = [
        f"{relative(path)}:{call.lineno} {call.func.attr}()"
        for path in SOURCE
        if "domain" in path.parts
        for call in ast.walk(parse(path))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if call.func.attr in CLOCKS and not call.args
        if isinstance(call.func.value, ast.Name) and call.func.value.id in {"datetime", "date", "time"}
    ]
    assert asked == []


def test_the_domain_rests_on_little() -> None:
    """The domain imports the standard library, msgspec, the expression library, and idna (tables for host names)."""
    allowed = {*sys.stdlib_module_names, "ensue", "msgspec", "cel_expr_python", "idna"}
    imported = {
        name.split(".")[0]
        for path in SOURCE
        if "domain" in path.parts
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "ensue"])
    }
    assert imported - allowed == set()


def test_only_the_configuration_reads_the_environment() -> None:
    """Settings have one source: `ensue.config`."""
    readers = [
        relative(path)
        for path in SOURCE
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    ]
    assert set(readers) <= {"src/ensue/config.py"}


def test_imports_run_one_way() -> None:
    """The contracts of import-linter in pyproject.toml hold."""
    beside = Path(sys.executable).parent / "lint-imports"
    program = str(beside) if beside.is_file() else shutil.which("lint-imports")
    assert program, "lint-imports is not installed; run `make install` with the extra `dev`"
    run = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_entry_point_is_there() -> None:
    """What pyproject.toml promises to find by entry point can be loaded."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'^\w+ = "(ensue[\w.]*):(\w+)"$', text, flags=re.MULTILINE)
    assert len(named) >= 5
    missing = [f"{module}:{name}" for module, name in named if not hasattr(importlib.import_module(module), name)]
    assert missing == []


def test_every_setting_is_documented() -> None:
    """Each setting of `ensue.config.SETTINGS` has its row in docs/reference/settings.md."""
    settings = importlib.import_module("ensue.config").SETTINGS
    assert len(settings) > 5
    page = document("reference/settings.md")
    named = {variable for setting in settings for variable in (f"ENSUE_{setting.name.upper()}",)}
    assert {variable for variable in named if f"`{variable}`" not in page} == set()
    assert set(re.findall(r"`(ENSUE_[A-Z_]+)`", page)) - named == set()


def test_every_route_is_documented() -> None:
    """Each route of the native dialect stands in docs/reference/api.md as `METHOD path`."""
    routes = importlib.import_module("ensue.dialects.native").ROUTES
    assert len(routes) > 10
    page = document("reference/api.md")
    assert [f"{route.method} {route.path}" for route in routes if f"`{route.method} {route.path}`" not in page] == []


def rules() -> list[tuple[str, str]]:
    """The rows of the table of rules: what is promised, and the cell that names its tests (the last one)."""
    page = document("explanation/delivery-guarantees.md")
    rows = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in page.splitlines() if line.strip().startswith("|")]
    tables = [[cell.strip() for cell in row] for row in rows]
    return [
        (row[0], row[-1]) for row in tables if len(row) >= 2 and "---" not in row[-1] and row[-1].lower() != "tests"
    ]


def test_every_rule_names_its_tests() -> None:
    """Each rule and invariant in docs/explanation/delivery-guarantees.md names at least one test as `path::name`."""
    table = rules()
    assert len(table) >= 20
    assert [rule for rule, cell in table if not re.search(r"`tests/[\w/]+\.py::\w+`", cell)] == []


def test_every_named_test_exists() -> None:
    """A test that a rule names is there, under that name, in that file."""
    named = {found for _, cell in rules() for found in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)}
    assert named
    missing = []
    for file, name in sorted(named):
        path = ROOT / file
        known = {function.name for function in functions(parse(path))} if path.is_file() else set()
        if name not in known:
            missing.append(f"{file}::{name}")
    assert missing == []


@pytest.mark.parametrize("word", ["pypi.org", "pythonhosted.org", "registry.npmjs.org"])
def test_no_registry_is_named(word: str) -> None:
    """Whoever builds this chooses the registry: no lock file and no setting names one."""
    kept = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run", *ROOT.glob("tests/interop/*.json")]
    assert len(kept) > 3
    assert [relative(path) for path in kept if word in path.read_text(encoding="utf-8")] == []
