"""What a call offers to handlers: headers, and queries that are read strictly."""

import pytest

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Call, json_answer, problem_answer


def call(query: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> Call:
    """A call with a query."""
    return Call(method="GET", path="/", raw_path=b"/", headers=headers or [], now=0, query=query)


def test_a_query_is_decoded() -> None:
    """Parameters are percent-decoded UTF-8; a plus is a blank; blank values stay."""
    assert call(b"q=a+b%20%C3%BC&next=").query_values("q", "next") == {"q": "a b ü", "next": ""}


@pytest.mark.parametrize(
    ("query", "field", "word"),
    [
        (b"limit=1&limit=2", "limit", "twice"),
        (b"limti=1", "limti", "limit"),
        (b"limit=%00", "limit", "NUL"),
        (b"limit=%ff", None, "UTF-8"),
        (b"limit=\xff", None, "UTF-8"),
        (b"&".join([b"limit=1"] * 101), None, "100"),
    ],
)
def test_a_query_is_read_strictly(query: bytes, field: str | None, word: str) -> None:
    """Unknown, repeated and unreadable parameters are refused by name."""
    with pytest.raises(EnsueError) as caught:
        call(query).query_values("limit")
    assert (caught.value.code, caught.value.field) == ("invalid", field)
    assert word in caught.value.message


def test_no_query_has_no_values() -> None:
    """A path without a query has an empty one."""
    assert call().query_values("limit") == {}
    assert call().query_pairs() == []


def test_headers_are_found_by_name() -> None:
    """The first value of a header, or all of them; None where there is none."""
    made = call(headers=[(b"accept", b"a"), (b"accept", b"b"), (b"x-name", b"\xe9")])
    assert made.header("accept") == "a"
    assert made.header_values("accept") == ["a", "b"]
    assert made.header("x-name") == "é"
    assert made.header("absent") is None


def test_a_call_without_a_key_has_no_project() -> None:
    """Asking for the project of an open route is a refusal, not a crash."""
    with pytest.raises(EnsueError) as caught:
        _ = call().project
    assert caught.value.code == "unauthorized"


def test_the_native_error_body() -> None:
    """One form, with the field only where one is wrong."""
    with_field = problem_answer(EnsueError("invalid", "No.", "type"))
    assert (with_field.status, with_field.body) == (400, b'{"error":{"code":"invalid","message":"No.","field":"type"}}')
    assert problem_answer(EnsueError("mismatch", "No.")).body == b'{"error":{"code":"mismatch","message":"No."}}'
    assert json_answer(200, [1]).body == b"[1]"
