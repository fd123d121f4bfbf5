"""People who use the API with a browser: a cookie jar of one cookie, the headers that browsers send, and an account."""

from typing import Any

from ensue.domain.account import Account, account_document
from ensue.domain.document import Put
from ensue.domain.member import check_role
from tests.dialects.edge import Edge, Got

ORIGIN = "http://ensue.test"
PASSWORD = "correct horse battery"
SESSION = "/api/v1/session"
MEMBERS = "/api/v1/members"
INVITATIONS = "/api/v1/invitations"
PROJECTS = "/api/v1/projects"


class Browser:
    """Calls without a key, by the cookie that was set last, as our pages send them. `project` is named if set."""

    def __init__(self, api: Edge, project: str | None = None) -> None:
        self.api = api.with_token(None)
        self.project = project
        self.cookie = ""

    async def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Got:
        """One request; `headers` replace those that a page of ours would send, empty ones leave them out."""
        given = {"host": "ensue.test", "origin": ORIGIN, "sec_fetch_site": "same-origin"} | headers
        if self.cookie:
            given.setdefault("cookie", f"ensue_session={self.cookie}")
        if self.project is not None:
            given.setdefault("ensue_project", self.project)
        if body is not None:
            given.setdefault("content_type", "application/json")
            given.setdefault("content_length", "1")
        kept = {name: value for name, value in given.items() if value}
        got = await self.api(method, url, b"" if body is None else body, **kept)
        if "set-cookie" in got.headers:
            self.cookie = got.headers["set-cookie"].partition(";")[0].partition("=")[2]
        return got

    async def sign_in(self, email: str, password: str = PASSWORD) -> Got:
        """Sign in."""
        return await self("POST", SESSION, {"email": email, "password": password})

    async def id(self) -> str:
        """The account's id."""
        return str((await self("GET", SESSION)).json["member"]["id"])


def after_hash(link: str) -> str:
    """The token of a link."""
    return link.partition("#")[2]


async def first(api: Edge, email: str = "ada@example.com", name: str = "Ada") -> Browser:
    """Whoever sets Ensue up: owner of all projects."""
    browser = Browser(api)
    link = await api.house.engine.people.accounts.open_setup()
    body = {"link": link, "name": name, "email": email, "password": PASSWORD}
    got = await browser("POST", "/api/v1/setup", body)
    assert got.status == 201, got.body
    return browser


async def seated(api: Edge, email: str, role: str | None, project: str = "default") -> Browser:
    """Somebody who is signed in and has `role` in the project, by the store alone: no password is hashed."""
    people, store, now = api.house.engine.people, api.house.store, api.clock()
    account = Account(id=f"acc_{email.partition('@')[0]}", name="N", email=email, password="", created_at=now)
    await store.put([Put(document=account_document(account))])
    found = await people.projects.find(project)
    if role is not None and found is not None:
        await store.put([await people.members.seat(found.id, account.id, check_role(role))])
        people.forget()
    browser = Browser(api, project)
    browser.cookie = (await people.sessions.begin(account)).token
    return browser


async def joined(owner: Browser, email: str, role: str, project: str = "default") -> Browser:
    """Somebody who was invited and came."""
    invited = await owner("POST", INVITATIONS, {"email": email, "role": role}, ensue_project=project)
    assert invited.status == 201, invited.body
    browser = Browser(owner.api, project)
    body = {"link": after_hash(invited.json["link"]), "name": email.partition("@")[0], "password": PASSWORD}
    got = await browser("POST", f"{INVITATIONS}/accept", body)
    assert got.status == 200, got.body
    return browser
