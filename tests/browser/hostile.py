"""Hides what an attacker would put into every text that a screen shows, and how a page tells that some of it ran."""

from typing import Any, Final

from playwright.async_api import Page

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server, eventually

SHORT: Final = "<img src=x onerror=window.ran=1>"
LONG: Final = f"{SHORT}<script>window.ran=1</script>\"><svg onload=window.ran=1>'-window.ran=1-'{{{{constructor}}}}"
LINK: Final = "javascript:window.ran=1"
MARKUP: Final = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='window.ran=1'/>"
PAGE: Final = "data:text/html,<script>top.ran=1</script>"
ELSEWHERE: Final = "https://evil.example/pixel.png"

CONTENTS: Final[list[dict[str, Any]]] = [
    {"type": "text", "value": LONG + f' {LINK} https://evil.example/"onmouseover=window.ran=1'},
    {"type": "rows", "value": [[LONG, LONG], {"label": SHORT, "content": LINK}, {"label": LONG, "value": PAGE}, SHORT]},
    {"type": "json", "value": {LONG: [LONG, {SHORT: LINK}], "__proto__": {"ran": 1}, "constructor": SHORT}},
    {"type": "image", "value": ELSEWHERE},
]
AVATARS: Final = [SHORT[:1], "https://evil.example/a.svg", "\u202e<"]

WATCH: Final = """
    window.broken = [];
    addEventListener('securitypolicyviolation', (one) => broken.push(one.violatedDirective + ' ' + one.blockedURI));
    for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => { window.ran = name; };
"""
FOUND: Final = """() => ({
    ran: window.ran ?? null,
    broken: window.broken,
    scripts: [...document.scripts].filter((one) => !one.src).length,
    handlers: [...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])
        .filter((one) => one.name.startsWith('on')).map((one) => one.name),
    links: [...document.querySelectorAll('a[href], area[href], form[action], iframe, object, embed')]
        .filter((one) => !/^https?:$/.test(new URL(one.href ?? one.action ?? 'x:').protocol))
        .map((one) => one.outerHTML),
    loose: [...document.querySelectorAll('a[href]')]
        .filter((one) => new URL(one.href).origin !== location.origin && !/noopener/.test(one.rel))
        .map((one) => one.outerHTML),
})"""
CLEAN: Final[dict[str, Any]] = {"ran": None, "scripts": 0, "handlers": [], "links": [], "loose": []}


async def assert_nothing_ran(page: Page, where: str) -> None:
    """No text of an attacker became code, markup or a link that acts, and the policy had nothing to refuse."""
    found = await page.evaluate(FOUND)
    broken = found.pop("broken")
    assert found == CLEAN, (where, found)
    assert not broken, (where, broken)


async def fill_with_malice(server: Server, sink: Sink) -> tuple[str, str]:
    """Events with each kind of content, triggers, deliveries that failed; the ids of an event and a trigger."""
    body = f"<html><script>window.ran=1</script>{LONG}".encode()
    headers = {"content-type": "text/html", "x-evil": LONG, "location": LINK, "set-cookie": "ensue_session=planted"}
    sink.script = lambda _: Reply(500, body, headers)
    secret = {
        "url": f"{sink.url}?{SHORT.replace(' ', '+')}",
        "headers": {"X-Evil": LONG},
        "secret_headers": {"X-S": LONG},
    }
    trigger = await server.trigger(
        sink.url, name=LONG[:255], match={"type": "**"}, endpoint=secret, retry={"attempts": 1}
    )
    await server.trigger(sink.url, name=SHORT, match={"type": "never", "filter": f'event.subject == "{SHORT}"'})
    event = ""
    for number, content in enumerate(CONTENTS):
        action = {"key": SHORT[:20], "label": SHORT, "url": sink.url, "style": "danger", "confirm": LONG}
        leads = {"label": SHORT, "url": "https://evil.example/" + SHORT.replace(" ", "+"), "external": True}
        event = await server.send(
            SHORT,
            subject=LONG[:255],
            source=SHORT,
            data={LONG: LONG, "url": LINK},
            context={"id": f"{number // 2}{LONG}"[:255], "start": number % 2 == 0},
            card={
                "title": LONG[:255],
                "category": SHORT,
                "avatar": AVATARS[number % len(AVATARS)],
                "content": content,
                "actions": [action, leads],
            },
        )
    await server.send(SHORT, delay=3600, card={"title": LONG[:255], "category": SHORT})
    made = await server.call("POST", "/api/v1/keys", {"name": LONG[:255]})
    assert made.status == 201, made

    async def failed() -> bool:
        return len(await server.items("/api/v1/deliveries?state=dead")) >= len(CONTENTS)

    await eventually(failed, "the deliveries fail")
    return event, trigger["id"]
