"""Hides a browser without script: a jar of cookies, pages read as they are written, forms filled in and sent."""

from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlencode

from tests.dialects.edge import Edge, Got
from tests.dialects.people import ORIGIN

URLENCODED: Final = "application/x-www-form-urlencoded"


class Page(HTMLParser):
    """A page as a browser reads it: its elements with their attributes, its text, what its form would send."""

    def __init__(self, got: Got) -> None:
        super().__init__(convert_charrefs=True)
        self.status = got.status
        self.headers = got.headers
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._words: list[str] = []
        self.feed(got.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self._words.append(data)

    @property
    def text(self) -> str:
        """All text, its spaces as one."""
        return " ".join("".join(self._words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def fields(self) -> dict[str, str]:
        """What its form sends if nobody writes anything."""
        return {str(one["name"]): one.get("value") or "" for one in self.all("input")}


class Reader:
    """Somebody with such a browser; `page` is what is open."""

    def __init__(self, api: Edge, **jar: str) -> None:
        self.api = api.with_token(None)
        self.jar = jar

    async def __call__(self, method: str, url: str, fields: dict[str, str] | None = None, **headers: str) -> Page:
        """One request, as a page of ours would send it; `headers` replace those, empty ones leave them out."""
        given = {"host": "ensue.test", "accept": "text/html"}
        if method == "POST":
            given |= {"origin": ORIGIN, "sec_fetch_site": "same-origin", "content_type": URLENCODED}
        if self.jar:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        body = urlencode(fields or {}).encode()
        kept: dict[str, Any] = {name: value for name, value in (given | headers).items() if value}
        got = await self.api(method, url, body, **kept)
        if "set-cookie" in got.headers:
            name, _, value = got.headers["set-cookie"].partition(";")[0].partition("=")
            self.jar[name] = value
        return Page(got)

    async def send(self, page: Page, **written: str) -> Page:
        """Send the form of a page, with what was written."""
        (form,) = page.all("form")
        return await self("POST", str(form["action"]), page.fields | written)
