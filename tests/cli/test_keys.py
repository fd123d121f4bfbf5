"""`ensue keys create` with a verifier or for browsers: what it makes, shows, and refuses by name."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.cli.program import run_here
from tests.engine.test_tokens import pem_of, private_key


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data of its own, begun by the first command."""
    for variable in ("ENSUE_CONFIG", "ENSUE_SECRET_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ENSUE_DATA", str(tmp_path / "data"))
    return tmp_path


def made(*argv: str) -> Any:
    """What a command says in JSON, once it went well."""
    ran = run_here(["keys", *argv, "--json"])
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_a_public_key(house: Path) -> None:
    """It has a token and nothing else that is secret; the list names its pages."""
    assert house.is_dir()
    shown = made("create", "--public", "--origin", "https://shop.example", "--origin", "http://localhost:3000")
    assert set(shown) == {"id", "token", "project"}
    (listed,) = made("list")["items"]
    assert (listed["id"], listed["public"], listed["scopes"]) == (shown["id"], True, ["events:write"])
    assert listed["origins"] == ["https://shop.example", "http://localhost:3000"]
    assert run_here(["keys", "create", "--public"]).err == "The token is shown only now.\n"


def test_a_key_with_a_verifier(house: Path) -> None:
    """The file is read; the key has a token, and its JWTs are signed elsewhere."""
    file = house / "key.pem"
    file.write_text(pem_of(private_key()))
    shown = made("create", "--verifier", str(file), "--scopes", "events:write")
    assert set(shown) == {"id", "token", "project"}
    assert [one["algorithm"] for one in made("list")["items"]] == ["RS256"]


def test_an_ordinary_key(house: Path) -> None:
    """Its JWT is signed with the secret that is shown."""
    assert house.is_dir()
    shown = made("create")
    assert jwt.decode(shown["jwt"], shown["secret"], algorithms=["HS256"])["id"] == shown["id"]
    assert [one["algorithm"] for one in made("list")["items"]] == ["HS256"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--origin", "https://shop.example"], "Only a public key has 'origins'"),
        (["--public", "--origin", "shop.example"], "'origins[0]' is 'shop.example'"),
        (["--public", "--scopes", "admin"], "its one scope is 'events:write'"),
        (["--verifier", "nowhere.pem"], "nowhere.pem cannot be read"),
        (["--verifier", "."], ". cannot be read"),
    ],
)
def test_what_makes_no_key(argv: list[str], told: str) -> None:
    """The error names it, and there is no key."""
    ran = run_here(["keys", "create", *argv])
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err
    assert run_here(["keys", "list", "--json"]).code == 1  # no project was made either
