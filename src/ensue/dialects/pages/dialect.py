"""Hides how the edge speaks with pages that run no script: sessions alone, forms with a token, refusals as pages."""

from collections.abc import Sequence
from typing import Any, Final, cast

from ensue.dialects.pages import asking, words
from ensue.dialects.pages.render import STYLE_PATH, problem_page
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.engine.engine import Engine as WholeEngine
from ensue.http.console import PAGE_HEADERS
from ensue.http.cookies import session_token
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Route
from ensue.http.forms import MAX_FORM_BYTES
from ensue.http.origin import require_same_origin

PROJECT_FIELD: Final = "Ensue-Project"
"""The field of what is wrong with a project's name: a header elsewhere, a part of the address here."""

_BUTTON: Final = "/events/{id}/actions/{key}"


def _route(method: str, path: str, handler: Any, name: str, summary: str, **more: Any) -> Route:
    return Route(method=method, path=path, handler=handler, name=name, summary=summary, documented=False, **more)


ROUTES: Final[tuple[Route, ...]] = (
    _route("GET", _BUTTON, asking.show, "askPress", "Ask before a button is pressed.", role="viewer", anonymous=True),
    _route(
        "POST",
        _BUTTON,
        asking.press,
        "formPress",
        "Press a button by a form.",
        role="member",
        form=True,
        body_limit=MAX_FORM_BYTES,
    ),
    _route(
        "POST",
        f"{_BUTTON}/login",
        asking.sign_in,
        "formSignIn",
        "Log in by a form, on the way to a button.",
        authenticated=False,
        form=True,
        body_limit=MAX_FORM_BYTES,
    ),
    _route("GET", STYLE_PATH, asking.style, "pagesStyle", "How these pages look.", authenticated=False),
)


class PagesDialect:
    """What a browser speaks that runs no script."""

    name = "pages"
    prefixes = ("/pages",)
    signs_bodies = False

    def routes(self, engine: Engine) -> Sequence[Route]:  # noqa: ARG002 - the same for all
        """The table."""
        return ROUTES

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:  # noqa: ARG002 - no route is hot
        """As `Dialect.known`."""
        return None

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:
        """As `Dialect.authenticate`, by a session's cookie alone. EnsueError `forbidden` for a press that does not come
        from our own pages."""
        token = session_token(call)
        if token is None:
            raise EnsueError("unauthorized", "Log in first.")
        people = cast("WholeEngine", engine).people
        require_same_origin(call, people.post.public_url, form=route.form)
        return await people.caller(token, asking.named_project(call))

    def verify(self, engine: Engine, call: Call) -> None:
        """As `Dialect.verify`: a session covers no body."""

    def problem(self, error: EnsueError, call: Call) -> Answer:
        """As `Dialect.problem`: a page that says it, with the way out."""
        title = words.PROBLEMS.get(error.code, words.PROBLEM)
        here = call.path != STYLE_PATH and error.code in {"unauthorized", "forbidden", "unavailable", "unsupported"}
        way = words.LOG_IN if error.code == "unauthorized" else words.LOOK if here else words.HOME
        body = problem_page(title, _message(error), _here(call) if here else "/", way)
        return Answer(error.status, body, PAGE_HEADERS, asking.HTML)


def _message(error: EnsueError) -> str:
    if error.field == PROJECT_FIELD and error.code == "invalid":
        return words.NO_PROJECT
    return words.NOTHING_HERE if error.code == "not_found" else error.message


def _here(call: Call) -> str:
    """The button's own page, as it was asked for."""
    path = call.raw_path.decode("ascii", "replace").removesuffix("/login")
    query = call.query.decode("ascii", "replace")
    return f"{path}?{query}" if query else path
