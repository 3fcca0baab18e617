"""The console and the HTTP API: renders what the rest decides, and decides nothing itself."""

from qianhang.web.app import create_app

__all__ = ["create_app"]
