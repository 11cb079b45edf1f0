"""The cookies that carry a browser's tokens: their names, their flags, how they come and go."""

from dataclasses import dataclass

from aiohttp import web

SESSION = "mlx_relay_session"
REFRESH = "mlx_relay_refresh"


@dataclass(frozen=True)
class SessionCookie:
    """*secure* where users come by https; then the name binds the cookie to the host too.

    The prefix ``__Host-`` asks for the path /, so the refresh token comes with every request and
    not with the few that read it. That is the smaller evil: without the prefix a neighbouring
    host could put its own cookie here, and people would chat in somebody else's account.
    """

    secure: bool
    plain_name: str = SESSION

    @property
    def name(self) -> str:
        return f"__Host-{self.plain_name}" if self.secure else self.plain_name

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
