"""What is set and installed here: read here, changed where the server is started."""

from __future__ import annotations

from pydantic import BaseModel, Field

from qianhang.runs import census
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import settings as views

__all__ = ["routes"]

routes = Endpoints("/settings", tag="settings")


class Setting(BaseModel):
    """One setting in force; what may be secret is masked."""

    name: str = Field(examples=["QIANHANG_HOME"])
    value: str = Field(description="Empty where it is not set")
    source: str = Field(description="environment, file, default ...", examples=["environment"])


class StoreSize(BaseModel):
    """The store counted; bytes are null where the database or the files lie elsewhere."""

    backend: str = Field(description="sqlite or postgresql")
    database_bytes: int | None
    file_bytes: int | None
    files: int | None
    rows: dict[str, int] = Field(description="Noun -> how many", examples=[{"run": 12}])


class Settings(BaseModel):
    """What is set, and what is installed."""

    settings: list[Setting] = Field(description="For the platform's own administrators; else none")
    encrypted: bool = Field(description="Whether people come by https")
    versions: dict[str, str] = Field(description="The product and what it stands on")
    extras: dict[str, bool] = Field(description="Extra -> whether it is installed")
    store: StoreSize | None = Field(description="For the platform's own administrators; else null")


@routes.get("", "administrator", scope="admin")
def get_settings(ask: Who) -> Settings:
    """The settings in force with where they come from, versions, extras."""
    outside = [(n, v, "environment" if v else "default") for n, v in views.openid(ask)]
    return Settings(
        settings=[
            Setting(name=n, value=v, source=s) for n, v, s in (*views.in_force(ask), *outside)
        ],
        encrypted=ask.site.encrypted,
        versions=dict(views.versions()),
        extras=dict(views.extras()),
        store=_size(ask) if views.administers_platform(ask) else None,
    )


def _size(ask: Asked) -> StoreSize:
    found = census.census(ask.store, ask.settings)
    plain = ("backend", "database_bytes", "file_bytes", "files")
    return StoreSize(**{name: getattr(found, name) for name in plain}, rows=dict(found.rows))
