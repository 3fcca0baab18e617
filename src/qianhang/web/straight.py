"""A page's route: what asks for nothing but its address is answered in one visit to a thread."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from qianhang.web.asked import asked, told

__all__ = ["Straight"]


class Straight(APIRoute):
    """A route of the console.

    FastAPI looks up who asks in one thread and calls the function in another; where the function
    takes the request and texts of its address alone, both are done in one go, for half the cost.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        if inspect.iscoroutinefunction(self.endpoint) or not _plain(self.dependant):
            return super().get_route_handler()
        function: Callable[..., Response] = self.endpoint
        name = str(self.dependant.dependencies[0].name)

        def answer(request: Request) -> Response:
            return function(**{name: asked(request)}, **request.path_params)

        async def handle(request: Request) -> Response:
            return await run_in_threadpool(answer, request)

        return handle


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
