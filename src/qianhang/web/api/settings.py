"""What is set and installed here: read here, changed where the server is started."""

from __future__ import annotations

from pydantic import BaseModel, Field

from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import settings as views

__all__ = ["routes"]

routes = Endpoints("/settings", tag="settings")


class Setting(BaseModel):
    """One setting in force; what may be secret is masked."""

    name: str = Field(examples=["QIANHANG_HOME"])
    value: str = Field(description="Empty where it is not set")
    source: str = Field(description="environment, file, default ...", examples=["environment"])


class Settings(BaseModel):
    """What is set, and what is installed."""

    settings: list[Setting] = Field(description="For the platform's own administrators; else none")
    encrypted: bool = Field(description="Whether people come by https")
    versions: dict[str, str] = Field(description="The product and what it stands on")
    extras: dict[str, bool] = Field(description="Extra -> whether it is installed")


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
    )
