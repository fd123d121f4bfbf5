"""The receiver of the demo: what failed in the story arrives there when it is sent again."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

from ensue.cli.demo_receiver import receiving
from ensue.engine.demo_shop import RECEIVERS, address


def _post(url: str) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("POST", parts.path, b"{}")
        return connection.getresponse().status
    finally:
        connection.close()


def test_every_system_of_the_roaster_answers_well() -> None:
    """The warehouse too, which was down; a button's address as well."""
    with receiving(port=0) as url:
        answers = {one.name: _post(address(url, one.host, one.path)) for one in RECEIVERS}
        assert answers == {one.name: one.says[0] for one in RECEIVERS}
        assert _post(address(url, "shop", "/orders/4821/approve")) == 200
