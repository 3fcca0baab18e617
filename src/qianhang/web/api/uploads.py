"""Files that are sent, to be named by a run or a prediction."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, Form, UploadFile
from pydantic import BaseModel, Field

from qianhang.web import uploads
from qianhang.web.api.rights import RUNNERS, chosen_org
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/uploads", tag="uploads")


class Upload(BaseModel):
    """Files as they are kept."""

    id: str = Field(
        description="What runs and predictions call it", examples=["0123456789abcdef/june.csv"]
    )
    org: str = Field(description="Whose it is", examples=["root"])
    files: int = Field(description="How many files", examples=[1])
    size: int = Field(description="bytes", examples=[20480])


@routes.post("", *RUNNERS, "data_steward", scope="data", status_code=201)
def create_upload(
    ask: Who,
    files: Annotated[list[UploadFile], File(description="1 to 40 files of one run", min_length=1)],
    org: Annotated[str, Form(description="Whose; one's own where empty", max_length=40)] = "",
) -> Upload:
    """The files, kept among their organisation's uploads; nobody else's run can name them."""
    chosen = chosen_org(ask, org, *RUNNERS, "data_steward")
    size = sum(f.size or 0 for f in files)
    place = uploads.keep(files, home=ask.settings.home, org=chosen)
    return Upload(id=place.as_posix(), org=chosen, files=len(files), size=size)
