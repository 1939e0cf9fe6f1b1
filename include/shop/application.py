"""One running component: health, metrics, faults, and the component's own routes."""

from __future__ import annotations

import sys
import time
import traceback

from shop.components import COMPONENTS
from shop.contracts import offered
from shop.dependencies import Dependencies
from shop.faults import Faults, Injector
from shop.identity import BadSetting, Identity
from shop.message import HttpError, Request, Response
from shop.metrics import CONTENT_TYPE, Metrics
from shop.routing import Router

UNMATCHED = "unmatched"


class Application:
    """Answers the requests of one component. Health speaks of this process only, never of its dependencies: otherwise
    one sick service would make all of its consumers look sick."""

    def __init__(self, identity: Identity, faults: Faults) -> None:
        if identity.component not in COMPONENTS:
            raise BadSetting(f"no component {identity.component!r}; there are {', '.join(sorted(COMPONENTS))}")
        self.draining = False
        self._identity = identity
        self._injector = Injector(faults)
        self._metrics = Metrics(identity.component, identity.version)
        self._router = Router(
            f"{identity.component} {identity.version}",
            COMPONENTS[identity.component](Dependencies(identity)),
            offered(identity.component, identity.version),
        )

    async def answer(self, request: Request) -> Response:
        """The answer to one request. Never raises."""
        if request.method == "GET" and request.path == "/healthz":
            return self._health()
        if request.method == "GET" and request.path == "/metrics":
            return Response(self._metrics.to_text(), content_type=CONTENT_TYPE)
        start, name = time.monotonic(), UNMATCHED
        try:
            route = self._router.find(request)
            name = route.pattern
            await self._injector.before_request()
            response = await route.handler(request)
        except HttpError as error:
            response = error.to_response()
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            response = HttpError(500, "bug", f"{type(error).__name__}: {error}").to_response()
        self._metrics.observe(name, response.status, time.monotonic() - start)
        return response

    def _health(self) -> Response:
        status = "draining" if self.draining else "ok"
        who = {"component": self._identity.component, "replica": self._identity.replica}
        return Response({"status": status, "version": self._identity.version, **who}, 503 if self.draining else 200)
