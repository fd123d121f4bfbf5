"""How the server tells admins how it is: numbers, and what is wrong in words, without the names of other projects."""

from ensue.domain.schedule import HOUR
from ensue.version import VERSION
from tests.dialects.edge import Edge
from tests.dialects.people import seated

SERVER = "/api/v1/server"


async def test_a_healthy_server_says_so(api: Edge) -> None:
    """Release, size, lanes and checks are told."""
    admin = await seated(api, "admin@example.com", "admin")
    told = (await admin("GET", SERVER)).json
    assert told["version"] == VERSION
    assert told["ok"] is True
    assert {check["check"] for check in told["checks"]} == {"store", "lanes", "views"}
    assert set(told["lanes"]) == {"waiting", "due", "parked"}


async def test_members_are_not_told(api: Edge) -> None:
    """The server is the business of admins."""
    member = await seated(api, "member@example.com", "member")
    assert (await member("GET", SERVER)).error[:2] == (403, "forbidden")


async def test_what_is_late_is_named_to_its_own_project_only(api: Edge) -> None:
    """An admin reads which trigger is behind; one of another project reads that something is."""
    made = await api.trigger("http://127.0.0.1:9/hook", retry={"attempts": 9, "schedule": [3 * HOUR / 1000]})
    api.house.engine.condition._clock = lambda: api.clock() + 9 * HOUR  # nothing is tried
    await api.send()
    await api.house.engine.keys.create("other")
    own = await seated(api, "own@example.com", "admin")
    other = await seated(api, "other@example.com", "admin", "other")
    mine, theirs = (await own("GET", SERVER)).json, (await other("GET", SERVER)).json
    assert mine["ok"] is False
    assert made["id"] in str(mine["checks"])
    assert made["id"] not in str(theirs["checks"])
    assert "a trigger of another project" in str(theirs["checks"])
