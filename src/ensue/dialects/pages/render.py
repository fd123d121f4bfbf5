"""Hides how the pages without script are laid out: the card of the login, with an event and two buttons."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from ensue.dialects.pages import words
from ensue.dialects.pages.card import event_card, host_of, moment, stamp, title_of
from ensue.dialects.pages.markup import Html, document, element, sentence
from ensue.dialects.pages.standing import Standing
from ensue.domain.event import Action, Event
from ensue.domain.press import Button, Presser
from ensue.domain.schedule import format_time

STYLE: Final = (Path(__file__).parent / "style.css").read_bytes()
STYLE_PATH: Final = "/pages/style.css"
_STYLE: Final = f"{STYLE_PATH}?v={sha256(STYLE).hexdigest()[:12]}"


class Asked(Struct, frozen=True, kw_only=True):
    """What a page asks about: a button of an event, how it stands for `person` at `now`, and where the form goes.

    `project` is what it is called, `slug` its name in addresses. `note` says what just happened, if something did.
    """

    event: Event
    action: Action
    stands: Standing
    person: str
    project: str
    slug: str
    now: int
    address: str
    token: str
    note: str | Html | None = None


def asked_page(asked: Asked) -> bytes:
    """The page that asks before a button is pressed, or tells how it stands."""
    asks = asked.stands.kind in {"ready", "failed"} and asked.stands.may_press
    title = words.ASK if asks else "{label}"
    return _page(
        title.format(label=asked.action.label),
        element("h1", sentence(title, label=asked.action.label)),
        None if asked.note is None else element("p", asked.note, class_="note", role="status"),
        event_card(asked.event, asked.project, asked.now),
        _state(asked),
        _form(asked) if asked.stands.may_press else _ways(asked),
        element("p", words.ZONE, class_="zone"),
    )


def _state(asked: Asked) -> Html | None:
    """How the button stands, in words."""
    stands, now = asked.stands, asked.now
    button, label = stands.button, asked.action.label
    if stands.kind == "external":
        return _line("", sentence(words.EXTERNAL, host=host_of(asked.action.url)))
    if stands.kind == "locked":
        return _line("", words.LOCKED)
    if stands.kind == "expired" and stands.since is not None:
        return _line("", sentence(words.EXPIRED, time=_full(stands.since)))
    if button is None:
        return None
    who, when = _name(button.by), moment(button.at, now)
    if stands.rival is not None:
        said = words.NOT_CHOSEN if stands.kind == "not chosen" else words.WAITS
        return _line("", sentence(said, label=stands.rival.label, name=who, time=when))
    if stands.kind == "running":
        return _line("", sentence(words.RUNNING, time=when, name=who, label=label))
    if stands.kind == "done":
        return _line("ok", Html(sentence(words.DONE, name=who, time=when) + _tag(button)))
    late = None if stands.since is None else sentence(words.EXPIRED_FAILED, time=_full(stands.since))
    failed = sentence(words.FAILED, why=_why(button, asked.action), name=who, time=when)
    return _line("bad", Html(f"{failed} {late or ''}"))


def _line(kind: str, said: str) -> Html:
    mark = {"ok": "✓", "bad": "✕"}.get(kind)
    disc = None if mark is None else element("span", mark, class_=f"disc {kind}", aria_hidden="true")
    return element("p", disc, element("span", said), class_="state")


def _full(at: int) -> Html:
    return element("time", stamp(at), datetime=format_time(at))


def _name(presser: Presser) -> str:
    return presser.name or presser.id


def _why(button: Button, action: Action) -> Html | str:
    if button.status is not None:
        return sentence(words.STATUS_FROM, status=Html(button.status), host=host_of(action.url))
    return button.reason or words.NO_ANSWER


def _tag(button: Button) -> Html:
    if button.status is None:
        return Html("")
    took = "" if button.duration_ms is None else f" · {button.duration_ms:,} ms"
    return Html(" " + element("span", f"{button.status}{took}", class_="tag"))


def _form(asked: Asked) -> Html:
    """The two buttons: press, or not now."""
    danger = asked.action.style == "danger"
    said = words.CALLS if asked.action.url else words.CALLS_NOBODY
    calls = sentence(said, host=host_of(asked.action.url), name=asked.person)
    label = words.AGAIN if asked.stands.kind == "failed" else asked.action.label
    confirm = asked.action.confirm
    told = confirm is None or confirm == words.ASK.format(label=asked.action.label)
    return element(
        "form",
        None if told else element("p", confirm, class_="confirm", dir="auto"),
        element("p", Html(f"{calls} {words.FINAL}") if danger else calls, class_="calls"),
        element("input", type="hidden", name="token", value=asked.token),
        element(
            "div",
            element("button", element("bdi", label), type="submit", class_="danger" if danger else "primary"),
            element("a", words.BACK, class_="button", href=_event_address(asked)),
            class_="buttons",
        ),
        method="post",
        action=asked.address,
    )


def _ways(asked: Asked) -> Html:
    """Where to go from a button that cannot be pressed."""
    on = element("a", words.OPEN, class_="button", href=_event_address(asked))
    if asked.stands.kind in {"running", "waits"}:
        return element("div", element("a", words.LOOK, class_="button", href=asked.address), on, class_="buttons")
    if asked.stands.kind == "external":
        link = sentence(words.OPEN_LINK, host=host_of(asked.action.url))
        arrow = element("span", " ↗", aria_hidden="true")
        away = element(
            "a", link, arrow, class_="button", href=asked.action.url, target="_blank", rel="noopener noreferrer"
        )
        return element("div", away, on, class_="buttons")
    return element("div", on, class_="buttons")


def _event_address(asked: Asked) -> str:
    return f"/events/{asked.event.id}?project={asked.slug}"


def login_page(address: str, token: str, *, host: str, email: str = "", error: str | None = None) -> bytes:
    """The page to log in on the way to a button; `host` is ours, if it is known."""
    described = None if error is None else "error"
    return _page(
        words.LOG_IN,
        element("h1", words.LOG_IN),
        element("p", host or words.LOG_IN_TO, class_="under"),
        element(
            "form",
            _field("email", words.EMAIL, type="email", value=email, autocomplete="username", autofocus=not email),
            _field(
                "password",
                words.PASSWORD,
                type="password",
                autocomplete="current-password",
                autofocus=bool(email),
                aria_describedby=described,
                aria_invalid=None if error is None else "true",
            ),
            None if error is None else element("p", error, id="error", class_="error", role="alert"),
            element("input", type="hidden", name="token", value=token),
            element("div", element("button", words.LOG_IN, type="submit", class_="primary"), class_="buttons"),
            method="post",
            action=address,
        ),
    )


def _field(name: str, label: str, **attributes: str | bool | None) -> Html:
    return element(
        "div",
        element("label", label, for_=name),
        element("input", id=name, name=name, required=True, **attributes),
        class_="field",
    )


def problem_page(title: str, message: str, address: str, way: str) -> bytes:
    """A page that says what did not work, and the way out."""
    return _page(
        title,
        element("h1", title),
        element("p", message, class_="said"),
        element("div", element("a", way, class_="button", href=address), class_="buttons"),
    )


def _page(title: str, *children: str | None) -> bytes:
    return document(f"{title} · Ensue", _STYLE, element("div", _MARK, *children, class_="card"))


def _bar(path: str, opacity: str | None = None) -> Html:
    return element("path", d=path, opacity=opacity)


_MARK: Final = element(
    "svg",
    _bar("M4.7 4.7v14.6"),
    _bar("M13.6 5.2 9.8 19.1", ".7"),
    _bar("M21.3 6.9l-8.1 12.2", ".42"),
    class_="mark",
    viewBox="0 0 24 24",
    width="34",
    height="34",
    fill="none",
    stroke="currentColor",
    stroke_width="3.4",
    stroke_linecap="round",
    aria_hidden="true",
)

__all__ = ["STYLE", "STYLE_PATH", "Asked", "asked_page", "login_page", "problem_page", "title_of"]
