"""Hides what happens at the page of a button: opening it acts on nothing; its form presses, once, with a token."""

from typing import Any, Final, cast

from ensue.dialects.pages import words
from ensue.dialects.pages.markup import Html, sentence
from ensue.dialects.pages.render import STYLE, Asked, asked_page, login_page
from ensue.dialects.pages.standing import Standing, standing
from ensue.domain import ids
from ensue.domain.errors import EnsueError
from ensue.domain.event import Action, Event
from ensue.domain.member import LEAST, Caller, reaches
from ensue.domain.press import Presser, press_page
from ensue.domain.session import LONGEST
from ensue.engine.accounts import Where
from ensue.engine.engine import Engine
from ensue.http.console import PAGE_HEADERS
from ensue.http.cookies import form_secret, session_token, set_form_secret, set_session
from ensue.http.exchange import Answer, Call, Headers
from ensue.http.forms import fits, form_token, form_values
from ensue.http.origin import require_same_origin
from ensue.http.pace import site

HTML: Final = "text/html; charset=utf-8"
_ONE_DAY: Final = b"public, max-age=86400"


async def show(engine: Engine, call: Call) -> Answer:
    """`GET /events/{id}/actions/{key}`: how the button stands, and a form where it can be pressed."""
    if call.key is None:
        return _login(engine, call, 401)
    return _page(200, await _asked(engine, call))


async def press(engine: Engine, call: Call) -> Answer:
    """`POST /events/{id}/actions/{key}`: press it, then show how it stands; what was pressed is not pressed by a
    reload."""
    caller = cast("Caller", call.key)
    if not fits(form_values(call, "token")["token"], session_token(call), *_purpose(call)):
        raise EnsueError("forbidden", words.FORM_OLD)
    event, key = call.parameters["id"], call.parameters["key"]
    try:
        await engine.actions.press(call.project, event, key, Presser(caller.id, caller.name))
    except EnsueError as error:
        if error.code not in {"conflict", "unavailable", "rate_limited"}:
            raise
        asked = await _asked(engine, call, error)
        return _page(error.status, asked)
    return _to(_address(call))


async def sign_in(engine: Engine, call: Call) -> Answer:
    """`POST /events/{id}/actions/{key}/login`: a new session, then back to the button. Nobody names where to go."""
    require_same_origin(call, engine.people.post.public_url, form=True)
    form = form_values(call, "token", "email", "password")
    if not fits(form["token"], form_secret(call), "login"):
        return _login(engine, call, 403, form["email"], words.TOO_OLD)
    place = Where(call.header("user-agent") or "", site(call.client))
    try:
        made = await engine.people.accounts.sign_in(form["email"], form["password"], place)
    except EnsueError as error:
        said = words.WRONG if error.code == "unauthorized" else error.message
        waits = () if error.retry_after is None else ((b"retry-after", b"%d" % error.retry_after),)
        return _login(engine, call, error.status, form["email"], said, waits)
    await engine.people.sessions.end_token(_session(call))
    return _to(_address(call), set_session(made.token, LONGEST // 1000, secure=engine.people.post.is_secure))


async def style(_engine: Any, _call: Call) -> Answer:
    """`GET /pages/style.css`."""
    return Answer(200, STYLE, (*PAGE_HEADERS, (b"cache-control", _ONE_DAY)), "text/css; charset=utf-8")


async def _asked(engine: Engine, call: Call, refused: EnsueError | None = None) -> Asked:
    caller = cast("Caller", call.key)
    known = await engine.event(call.project, call.parameters["id"])
    action = _action(known.event, call.parameters["key"]) if known.state == "recorded" else None
    if action is None:
        raise EnsueError("not_found", words.NOTHING_HERE)
    buttons = await engine.actions.buttons(call.project, [known.event])
    may = reaches(caller.role, LEAST["actions:run"][1])
    project = engine.rules.project(call.project)
    stands = standing(known.event, action, buttons, call.now, may=may)
    return Asked(
        event=known.event,
        action=action,
        stands=stands,
        person=caller.name,
        project="" if project is None else project.name or project.slug,
        slug=call.project if project is None else project.slug,
        now=call.now,
        address=_address(call),
        token=form_token(session_token(call) or "", *_purpose(call)),
        note=None if refused is None else _note(refused, stands, caller),
    )


def _action(event: Event, key: str) -> Action | None:
    actions = event.card.actions if event.card is not None else ()
    return next((action for action in actions if action.key == key), None)


def _note(refused: EnsueError, stands: Standing, caller: Caller) -> str | Html | None:
    """What to say of a press that came too late, or that there was no room for; what the state says is not repeated."""
    if refused.code != "conflict":
        return refused.message
    if stands.button is None:
        return None
    if stands.button.by.id == caller.id:
        return words.YOU_WERE
    return sentence(words.FASTER, name=stands.button.by.name or stands.button.by.id)


def _purpose(call: Call) -> tuple[str, ...]:
    return "press", call.project, call.parameters["id"], call.parameters["key"]


def _address(call: Call) -> str:
    """The page of the button, in the project that the call named."""
    return press_page(call.parameters["id"], call.parameters["key"], named_project(call) or "")


def named_project(call: Call) -> str | None:
    """The project that the address names; what else mails and trackers put there is passed over."""
    return dict(call.query_pairs()).get("project")


def _login(
    engine: Engine, call: Call, status: int, email: str = "", error: str | None = None, more: Headers = ()
) -> Answer:
    """The form to log in, with a secret that this browser keeps."""
    known = form_secret(call)
    secret = known or ids.new_ticket()
    post = engine.people.post
    fresh = () if known else set_form_secret(secret, secure=post.is_secure)
    path, _, query = _address(call).partition("?")
    address = f"{path}/login" + (f"?{query}" if query else "")
    host = post.public_url.partition("://")[2]
    body = login_page(address, form_token(secret, "login"), host=host, email=email, error=error)
    return Answer(status, body, (*PAGE_HEADERS, *fresh, *more), HTML)


def _session(call: Call) -> str | None:
    try:
        return session_token(call)
    except EnsueError:  # of two, neither is known to be theirs
        return None


def _page(status: int, asked: Asked) -> Answer:
    return Answer(status, asked_page(asked), PAGE_HEADERS, HTML)


def _to(address: str, more: Headers = ()) -> Answer:
    return Answer(303, b"", (*PAGE_HEADERS, (b"location", address.encode("ascii")), *more), None)
