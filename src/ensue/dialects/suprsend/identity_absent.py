"""Hides which calls about people SuprSend has and Ensue has not: answered 501, with the page that tells what there is."""

from typing import Final, NoReturn

from ensue.domain.errors import EnsueError
from ensue.engine.engine import Engine
from ensue.http.exchange import Call, Route

PAGE: Final = "docs/reference/dialects/suprsend.md"

_BODY: Final = 1024 * 1024
"""Read and dropped, so that a signature over it can be checked."""

ABSENT: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "Merging users": (("POST", "/v1/user/{id}/merge"),),
    "Users of one tenant": (
        ("GET", "/v1/user/{id}/associated_tenant"),
        ("GET POST PATCH DELETE", "/v1/user/{id}/tenant/{tenant}"),
    ),
    "Preferences": (
        ("GET PATCH", "/v1/user/{id}/preference"),
        ("GET PATCH", "/v1/user/{id}/preference/channel_preference"),
        ("GET", "/v1/user/{id}/preference/category"),
        ("GET PATCH", "/v1/user/{id}/preference/category/{category}"),
        ("PATCH", "/v1/bulk/user/preference"),
        ("PATCH", "/v1/bulk/user/preference/reset"),
        ("GET", "/v1/tenant/{id}/preference"),
        ("GET", "/v1/tenant/{id}/preference/category"),
        ("GET PATCH", "/v1/tenant/{id}/preference/category/{category}"),
        ("GET", "/v1/tenant/{id}/category"),
        ("GET PATCH", "/v1/tenant/{id}/category/{category}"),
        ("GET PATCH", "/v1/object/{type}/{id}/preference"),
        ("GET PATCH", "/v1/object/{type}/{id}/preference/channel_preference"),
        ("GET", "/v1/object/{type}/{id}/preference/category"),
        ("GET PATCH", "/v1/object/{type}/{id}/preference/category/{category}"),
        ("GET PATCH", "/v2/subscriber/{id}/full_preference"),
        ("GET PATCH", "/v2/subscriber/{id}/channel_preference"),
        ("GET", "/v2/subscriber/{id}/category"),
        ("GET PATCH", "/v2/subscriber/{id}/category/{category}"),
    ),
    "Objects": (
        ("GET", "/v1/user/{id}/subscribed_to/object"),
        ("GET", "/v1/object/{type}"),
        ("GET POST PATCH DELETE", "/v1/object/{type}/{id}"),
        ("GET POST DELETE", "/v1/object/{type}/{id}/subscription"),
        ("GET", "/v1/object/{type}/{id}/subscribed_to/object"),
        ("DELETE", "/v1/bulk/object/{type}"),
    ),
    "Versions of lists": (
        ("POST", "/v1/subscriber_list/{id}/start_sync"),
        ("GET DELETE", "/v1/subscriber_list/{id}/version/{version}"),
        ("POST", "/v1/subscriber_list/{id}/version/{version}/subscriber/add"),
        ("POST", "/v1/subscriber_list/{id}/version/{version}/subscriber/remove"),
        ("PATCH", "/v1/subscriber_list/{id}/version/{version}/finish_sync"),
        ("PATCH", "/v1/subscriber_list/{id}/version/{version}/delete"),
    ),
}
"""What is not here, by what it is called: methods and path."""


def _route(what: str, method: str, path: str) -> Route:
    async def refuse(_engine: Engine, _call: Call) -> NoReturn:
        raise EnsueError("not_implemented", f"{what}: Ensue does not have this. What it has of SuprSend is in {PAGE}.")

    return Route(
        method=method,
        path=path,
        handler=refuse,
        name=f"absent {method} {path}",
        summary=what,
        body_limit=None if method == "GET" else _BODY,
        documented=False,
    )


ROUTES: Final = tuple(
    _route(what, method, path) for what, rows in ABSENT.items() for methods, path in rows for method in methods.split()
)
