"""From a method and a path to a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from shop.dependencies import NO_ROUTE
from shop.message import HttpError, Request, Response

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """``pattern`` is a path whose ``{name}`` segments match anything, for example ``/v1/products/{id}``."""

    method: str
    pattern: str
    handler: Handler

    @property
    def interface(self) -> int | None:
        """The interface version that the route belongs to; None for a path without one."""
        first = self.pattern.split("/")[1]
        return int(first[1:]) if first[:1] == "v" and first[1:].isdigit() else None

    def match(self, path: str) -> dict[str, str] | None:
        """The decoded parameters in the path, or None where it is another path. An encoded slash separates nothing."""
        wanted, found = self.pattern.split("/"), path.split("/")
        if len(wanted) != len(found):
            return None
        parameters = {}
        for want, have in zip(wanted, found, strict=True):
            if want.startswith("{") and have:
                parameters[want[1:-1]] = unquote(have)
            elif want != have:
                return None
        return parameters


class Router:
    """The routes that a component version offers. ``title`` names it in messages."""

    def __init__(self, title: str, routes: Iterable[Route], offered: frozenset[int]) -> None:
        self._title = title
        self._offered = offered
        self._routes = [route for route in routes if route.interface is None or route.interface in offered]

    def find(self, request: Request) -> Route:
        """The route of a request, whose parameters are set. Raises HttpError 404 or 405."""
        others = []
        for route in self._routes:
            parameters = route.match(request.path)
            if parameters is not None and route.method == request.method:
                request.parameters = parameters
                return route
            if parameters is not None:
                others.append(route.method)
        if others:
            raise HttpError(405, "method", f"{request.path} is for {', '.join(others)}")
        versions = ", ".join(f"/v{interface}" for interface in sorted(self._offered))
        raise HttpError(404, NO_ROUTE, f"{self._title} offers no {request.path} (its interfaces: {versions})")
