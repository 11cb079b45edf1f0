"""The cookie that carries a browser's token: its name, its flags, and how it comes and goes."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class SessionCookie:
    """*secure* where users come by https; then the name binds the cookie to the host too."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-mlx_relay_session" if self.secure else "mlx_relay_session"

    def put(self, response: web.Response, token: str, lifetime_seconds: int) -> None:
        response.set_cookie(
            self.name,
            token,
            max_age=lifetime_seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Strict",
        )

    def clear(self, response: web.Response) -> None:
        response.del_cookie(
            self.name, path="/", secure=self.secure, httponly=True, samesite="Strict"
        )
