"""A page's route: what asks for nothing but its address is answered in one visit to a thread."""

from __future__ import annotations

import functools
import inspect

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qianhang.web.asked import asked, told

__all__ = ["Straight"]


class Straight(APIRoute):
    """A route of the console.

    FastAPI looks up who asks in one thread and calls the function in another; where the function
    takes the request and texts of its address alone, both are done in one go, for half the cost.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to a request."""
        if not self._plain or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        response = await run_in_threadpool(self._answer, Request(scope, receive, send))
        await response(scope, receive, send)

    @functools.cached_property
    def _plain(self) -> bool:
        return not inspect.iscoroutinefunction(self.endpoint) and _plain(self.dependant)

    def _answer(self, request: Request) -> Response:
        name = str(self.dependant.dependencies[0].name)
        answer: Response = self.endpoint(**{name: asked(request)}, **request.path_params)
        return answer


def _plain(wanted: Dependant) -> bool:
    """Whether a function takes the request with its person, texts of its address, nothing else."""
    other = (
        wanted.query_params, wanted.header_params, wanted.cookie_params, wanted.body_params,
        wanted.request_param_name, wanted.response_param_name, wanted.background_tasks_param_name,
    )  # fmt: skip
    texts = all(
        part.field_info.annotation is str and not part.field_info.metadata
        for part in wanted.path_params
    )
    return [one.call for one in wanted.dependencies] == [told] and texts and not any(other)
