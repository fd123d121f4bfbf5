"""Hides how people are told of links: where these lead, and whether a mail server is there to bring them.

Links begin with the public address, never with what a request calls the host.
"""

from typing import Protocol

from ensue.domain.errors import EnsueError
from ensue.domain.letter import Letter
from ensue.domain.press import press_page


class Mailer(Protocol):
    """Who hands mails in."""

    async def send(self, letter: Letter) -> None:
        """Hand in one mail. EnsueError `unavailable` when it is not taken."""


class Post:
    """Links, and the mails that carry them. `public_url` is what users reach Ensue by; empty where none is set."""

    def __init__(self, public_url: str, local_url: str, mailer: Mailer | None) -> None:
        self._public = public_url.rstrip("/")
        self._local = local_url
        self._mailer = mailer

    @property
    def has_mail(self) -> bool:
        """Whether mails can be sent."""
        return self._mailer is not None

    @property
    def is_secure(self) -> bool:
        """Whether users reach Ensue by https."""
        return self._public.lower().startswith("https://")

    @property
    def public_url(self) -> str:
        """What users reach Ensue by, without a slash at its end; empty where it is not set."""
        return self._public

    def serves_at(self, local_url: str) -> None:
        """The address of this machine that links begin with where no public one is set."""
        self._local = local_url

    def link(self, purpose: str, token: str) -> str:
        """The link for `purpose`. The token stands behind `#`: browsers send that to nobody, and no log has it."""
        return f"{self._public or self._local}/{purpose}#{token}"

    def page(self, path: str) -> str:
        """The whole address of a page of the console."""
        return f"{self._public or self._local}{path}"

    def press(self, event_id: str, key: str, project: str) -> str:
        """The whole address of the page that asks before a button of an event is pressed, for pushes and mails; opening
        it presses nothing. `project` is the slug."""
        return self.page(press_page(event_id, key, project))

    async def send(self, letter: Letter) -> bool:
        """Whether the mail was handed in; False as well where there is no mail server."""
        if self._mailer is None:
            return False
        try:
            await self._mailer.send(letter)
        except EnsueError:
            return False
        return True
