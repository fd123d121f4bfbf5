"""What a credential may do (design section 8, Keys), and how it is kept."""

import pytest
from msgspec.structs import replace

from ensue.domain.errors import EnsueError
from ensue.domain.ids import event_id, is_event_id, new_secret, new_token, prefixed_id
from ensue.domain.key import SCOPES, Key, check_scopes, hash_token, key_document, key_of
from ensue.domain.signature import check_secret

KEY = Key(id="key_1", project="prj_1", scopes=("events:write",), created_at=1, token_hash="h", secret="s")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_may_what_its_scopes_say(scope: str) -> None:
    """That and nothing else; `admin` includes the others."""
    key = replace(KEY, scopes=(scope,))
    assert [one for one in SCOPES if key.may(one)] == (list(SCOPES) if scope == "admin" else [scope])


def test_a_public_key_may_only_send() -> None:
    """Whatever its scopes say."""
    key = replace(KEY, scopes=SCOPES, public=True)
    assert [one for one in SCOPES if key.may(one)] == ["events:write"]


def test_scopes_are_checked() -> None:
    """Each once, in their order; unknown ones and none at all are refused with those there are."""
    assert check_scopes(["admin", "events:read", "admin"]) == ("events:read", "admin")
    for bad in ([], ["events"], ["events:write", "root"], [""]):
        with pytest.raises(EnsueError, match="events:write") as refused:
            check_scopes(bad)
        assert refused.value.field == "scopes"


def test_a_token_is_kept_as_its_hash() -> None:
    """SHA-256, found by alias; nothing of the token is in the document, whatever characters it holds."""
    token = new_token()
    document = key_document(replace(KEY, token_hash=hash_token(token)))
    assert document.alias == hash_token(token)
    assert token.encode() not in document.body
    assert key_of(document).token_hash == document.alias
    assert len({hash_token(one) for one in ("a", "b", "", "\ud800")}) == 4


def test_chance_is_enough() -> None:
    """Tokens of 256 bits, secrets that Standard Webhooks takes, ids of 20 characters and more, none twice."""
    assert len({new_token() for _ in range(1_000)}) == 1_000
    assert all(len(new_token()) >= 4 + 43 for _ in range(10))
    assert len(check_secret(new_secret())) == 32
    assert len({prefixed_id("key_", 5) for _ in range(1_000)}) == 1_000
    assert len(prefixed_id("key_", 5)) >= 20


def test_ids_sort_by_time() -> None:
    """Events by UUIDv7, others by their tail; and an event id is known by its form."""
    times = [0, 1, 999, 1_800_000_000_000, 1_800_000_000_001, 2**47]
    for made in ([event_id(now) for now in times], [prefixed_id("dlv_", now) for now in times]):
        assert made == sorted(made)
    assert all(is_event_id(event_id(now)) for now in times)
    for text in ("", "x", "dlv_1", event_id(1).upper(), "{" + event_id(1) + "}", event_id(1).replace("-", "")):
        assert not is_event_id(text)
