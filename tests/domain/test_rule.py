"""Rules in Space Cloud's language: what is refused when they are configured, and what they say of values."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from ensue.domain.errors import EnsueError
from ensue.domain.rule import FILTER_ROOTS, SECURITY_ROOTS, Rule, check_rule, refusal

NO_MATCH = "auth: The two fields do not match"


def match(kind: str, how: str, first: Any, second: Any, **more: Any) -> dict[str, Any]:
    """A `match` as it is sent."""
    return {"rule": "match", "type": kind, "eval": how, "f1": first, "f2": second} | more


def told(raw: dict[str, Any], roots: frozenset[str] = SECURITY_ROOTS, **variables: Any) -> str | None:
    """What a rule says of variables, given by the name after `args.`."""
    return refusal(check_rule(raw, roots), {f"args.{name}": value for name, value in variables.items()})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"rule": "allow"}, None),
        ({"rule": "deny"}, "the operation being performed is denied"),
        ({"rule": "deny", "error": "not on Sundays"}, "not on Sundays"),
        ({"rule": "authenticated"}, None),
        (match("string", "==", "args.auth.role", "boss"), None),
        (match("string", "!=", "args.auth.role", "boss"), NO_MATCH),
        (match("string", "in", "args.auth.role", ["boss", "clerk"]), None),
        (match("string", "in", "args.auth.role", "args.params.allowed"), None),
        (match("string", "notIn", "args.auth.role", ["boss"]), NO_MATCH),
        (match("string", "==", "args.auth.id", "args.params.by.id"), None),
        (match("string", "==", "args.token", "raw"), None),
        (match("number", ">", "args.params.amount", 99.5), None),
        (match("number", "<=", "args.params.amount", 99.5), NO_MATCH),
        (match("number", ">=", "args.params.amount", 100), None),
        (match("number", "<", "args.params.amount", 100), NO_MATCH),
        (match("number", "in", "args.params.amount", [1, 100]), None),
        (match("bool", "==", "args.params.paid", True), None),
        (match("bool", "!=", "args.params.paid", True), NO_MATCH),
        (match("date", ">", "args.params.at", "2026-01-01T00:00:00Z"), None),
        (match("date", "==", "args.params.at", "2026-06-01T02:00:00+02:00"), None),
        ({"rule": "and", "clauses": [{"rule": "allow"}, {"rule": "authenticated"}]}, None),
        ({"rule": "and", "clauses": [{"rule": "deny", "error": "a"}, {"rule": "deny", "error": "b"}]}, "a"),
        ({"rule": "or", "clauses": [{"rule": "deny", "error": "a"}, {"rule": "allow"}]}, None),
        ({"rule": "or", "clauses": [{"rule": "deny", "error": "a"}, {"rule": "deny", "error": "b"}]}, "b"),
        ({"rule": "or", "clauses": [{"rule": "deny"}], "error": "none of them"}, "none of them"),
    ],
)
def test_a_rule_says_whether_it_holds(raw: dict[str, Any], expected: str | None) -> None:
    """Each rule and each comparison; a rule's own words stand in place of ours."""
    params = {
        "amount": 100,
        "paid": True,
        "at": "2026-06-01T00:00:00Z",
        "by": {"id": "u1"},
        "allowed": ["boss", 3, None],
    }
    assert told(raw, auth={"id": "u1", "role": "boss"}, params=params, token="raw") == expected


@pytest.mark.parametrize(
    "raw",
    [
        match("string", "==", "args.auth.role", "boss"),
        match("string", "==", "args.params.a.b.c", "x"),
        match("string", "==", "args.params.list.0", "x"),
        match("number", "==", "args.params.flag", 1),
        match("number", "==", "args.params.text", 1),
        match("string", "in", "x", "args.params.text"),
        match("date", "==", "args.params.text", "2026-06-01T00:00:00Z"),
        match("bool", "==", "args.params.one", True),
        {"rule": "authenticated"},
    ],
)
def test_what_is_missing_or_of_another_type_is_a_refusal(raw: dict[str, Any]) -> None:
    """Never an exception: not for a path into a list, not for a value of another type, not without a caller."""
    params = {"a": {"b": "x"}, "list": ["x"], "flag": True, "text": "1", "one": 1}
    assert told(raw, auth=None, params=params, token="")
    assert told(raw, params=None)
    assert told(raw)


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        ([], "rule", "object"),
        ({}, "rule.rule", "missing"),
        ({"rule": "webhook", "url": "http://x"}, "rule.rule", "allow, deny, authenticated, match, and, or"),
        ({"rule": ["allow"]}, "rule.rule", "no rule"),
        ({"rule": "and"}, "rule.clauses", "at least one"),
        ({"rule": "or", "clauses": [{"rule": "force"}]}, "rule.clauses[0].rule", "'force'"),
        ({"rule": "allow", "error": 5}, "rule.error", "text"),
        (match("regex", "==", "a", "a"), "rule.type", "string, number, bool, date"),
        (match("string", ">", "a", "b"), "rule.eval", "in, notIn"),
        (match("bool", "in", True, [True]), "rule.eval", "==, !="),
        (match("date", "in", "args.auth.at", []), "rule.eval", ">="),
        (match("string", "in", "a", "b"), "rule.f2", "list"),
        (match("string", "in", "a", ["b", 1]), "rule.f2[1]", "string"),
        (match("number", "==", "1", 1), "rule.f1", "number"),
        (match("number", "==", 1, True), "rule.f2", "number"),
        (match("date", "==", "yesterday", "args.auth.at"), "rule.f1", "date"),
        (match("string", "==", "args.data.x", "y"), "rule.f1", "args.auth"),
        (match("string", "==", "args.authority", "y"), "rule.f1", "args.auth"),
        (match("string", "==", "args.auth.list[0]", "y"), "rule.f1", "indexes"),
        (match("string", "==", "args.auth..x", "y"), "rule.f1", "dots"),
        (match("string", "==", "utils.now()", "y"), "rule.f1", "functions"),
        (match("string", "==", None, "y"), "rule.f1", "string"),
        (match("string", "==", "a" * 20_000, "y"), "rule", "bytes"),
        ({"rule": "and", "clauses": [{"rule": "allow"}] * 256}, "rule.clauses[255]", "256"),
    ],
)
def test_what_could_not_be_judged_is_refused_at_configuration(raw: Any, field: str, words: str) -> None:
    """With the field, and with what there is."""
    with pytest.raises(EnsueError) as refused:
        check_rule(raw, SECURITY_ROOTS)
    assert (refused.value.code, refused.value.field) == ("invalid", field)
    assert words in refused.value.message


def test_a_filter_knows_of_the_payload_and_no_caller() -> None:
    """`args.data` and nothing else; `authenticated` is refused wherever it stands."""
    assert told(match("number", ">", "args.data.doc.n", 1), FILTER_ROOTS, data={"doc": {"n": 2}}) is None
    for raw in ({"rule": "authenticated"}, {"rule": "or", "clauses": [{"rule": "authenticated"}]}):
        with pytest.raises(EnsueError, match="no caller"):
            check_rule(raw, FILTER_ROOTS)
    with pytest.raises(EnsueError, match=r"args\.data"):
        check_rule(match("string", "==", "args.auth.id", "x"), FILTER_ROOTS)


def test_a_rule_nests_sixteen_deep_and_no_deeper() -> None:
    """The depth at its limit, and one beyond."""
    raw: dict[str, Any] = {"rule": "allow"}
    for _ in range(15):
        raw = {"rule": "and", "clauses": [raw]}
    assert told(raw) is None
    with pytest.raises(EnsueError, match="deeper"):
        check_rule({"rule": "and", "clauses": [raw]}, SECURITY_ROOTS)


def test_a_rule_is_read_from_json_and_comes_back_as_it_was_kept() -> None:
    """Raw JSON is checked as strictly as any body; a kept rule is the same rule."""
    raw = {"rule": "or", "clauses": [match("string", "in", "args.auth.id", ["a"]), {"rule": "deny"}], "name": "mine"}
    rule = check_rule(Raw(msgspec.json.encode(raw)), SECURITY_ROOTS)
    kept = msgspec.json.encode(rule)
    assert msgspec.json.decode(kept) == raw
    again = msgspec.json.decode(kept, type=Rule)
    assert refusal(again, {"args.auth": {"id": "a"}}) is None
    with pytest.raises(EnsueError):
        check_rule(Raw(b'{"rule": "\\ud800"}'), SECURITY_ROOTS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
EVALS = {
    "string": ["==", "!=", "in", "notIn"],
    "number": ["==", "!=", ">", ">=", "<", "<=", "in", "notIn"],
    "bool": ["==", "!="],
    "date": ["==", "!=", ">", ">=", "<", "<="],
}
PATHS = st.sampled_from(["args.data", "args.data.a", "args.data.a.b", "args.data.b.c.a"])


@given(JSON, PATHS, PATHS, st.data())
def test_judging_never_raises(data: Any, first: str, second: str, drawn: st.DataObject) -> None:
    """Whatever stands where a path leads, of whatever type it is compared as."""
    kind = drawn.draw(st.sampled_from(["string", "number", "bool", "date"]))
    how = drawn.draw(st.sampled_from(EVALS[kind]))
    found = refusal(check_rule(match(kind, how, first, second), FILTER_ROOTS), {"args.data": data})
    assert found is None or found
