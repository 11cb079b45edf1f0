"""What each handler takes and answers, as data; the OpenAPI document is made of it.

What all handlers of a kind have in common (who is admitted, what a bad body is told) is not in
here: ``openapi`` adds it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from mlx_relay.events import AnyEvent
from mlx_relay.profiles import ProfileTest
from mlx_relay.storage.records import Conversation, Role
from mlx_relay.web import (
    accounts,
    audit,
    chat,
    conversations,
    health,
    keys,
    live_metrics,
    metrics,
    page,
    page_config,
    profiles,
    refresh,
    streams,
    users,
)
from mlx_relay.web.audit import AuditQuery
from mlx_relay.web.chat_form import ChatForm
from mlx_relay.web.conversation_form import (
    ConversationChanges,
    Entry,
    ExportQuery,
    ListQuery,
    NewConversation,
)
from mlx_relay.web.dialects import openai, openai_models
from mlx_relay.web.dialects.answering import STATUSES
from mlx_relay.web.finishing import Handler
from mlx_relay.web.forms import (
    KeyForm,
    LoginForm,
    PasswordForm,
    ProfileChanges,
    ProfileForm,
    UserChanges,
    UserForm,
)


class Tokens(Struct, frozen=True):
    """What signing in gives; browsers get cookies with it."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class Me(Struct, frozen=True):
    id: int
    name: str
    role: Role


class Alive(Struct, frozen=True):
    status: Literal["ok"]


class Ready(Struct, frozen=True):
    """*sinks* are those in trouble, each with its reason; streams go on without them.

    *redis* says why it is away; the relay counts alone then.
    """

    status: Literal["ready", "degraded"]
    sinks: dict[str, str] | UnsetType = UNSET
    redis: str | UnsetType = UNSET


class StoredConversation(Struct, frozen=True, kw_only=True):
    """A conversation with its messages, each with its place."""

    id: str
    title: str
    profile_id: int | None
    created_at: datetime
    updated_at: datetime
    messages: list[dict[str, Any]]


class OpenAiRequest(Struct, frozen=True):
    """The rest is optional: docs/openai.md tells what is taken, ignored and refused."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]


class OpenAiError(Struct, frozen=True):
    message: str
    type: Literal["invalid_request_error", "rate_limit_error", "server_error"]
    param: str | None
    code: str


class OpenAiRefusal(Struct, frozen=True):
    error: OpenAiError


class OpenAiModel(Struct, frozen=True):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class OpenAiModels(Struct, frozen=True):
    object: Literal["list"]
    data: list[OpenAiModel]


class OpenAiAnswer(Struct, frozen=True):
    """A completion; in a stream, a chunk of one."""

    id: str
    object: Literal["chat.completion", "chat.completion.chunk"]
    created: int
    model: str
    choices: list[dict[str, Any]]


class Media(Struct, frozen=True):
    """An answer that is not JSON; *item* is the type of what an event stream's data lines hold."""

    type: str
    item: Any = None


class Operation(Struct, frozen=True, kw_only=True):
    """What one handler does.

    *answers* are its successes: a type for JSON, a Media, several of them, or None for no body.
    *refusals* are the statuses that only it has; 404 of an id in the address is understood.
    """

    summary: str
    answers: Mapping[int, Any]
    body: Any = None
    query: type[Struct] | None = None
    refusals: tuple[int, ...] = ()


_FILE: Final = Media("*/*")
_OF_FILES: Final = {200: _FILE, 206: _FILE, 304: None, 416: None}

OPERATIONS: Final[dict[Handler, Operation]] = {
    page.show_page: Operation(
        summary="The chat page; 503 where it was not built",
        answers={200: Media("text/html"), 304: None, 503: Media("text/plain")},
    ),
    page.show_file: Operation(
        summary="A file beside the chat page", answers=_OF_FILES, refusals=(404,)
    ),
    page.show_asset: Operation(
        summary="A file of the chat page", answers=_OF_FILES, refusals=(404,)
    ),
    health.alive: Operation(summary="Is the process alive?", answers={200: Alive}),
    health.ready: Operation(summary="Is it ready for work?", answers={200: Ready}),
    metrics.scrape: Operation(
        summary="Metrics for Prometheus, to this host or with the scrape token",
        answers={200: (Media("text/plain"), Media("application/openmetrics-text"))},
        refusals=(403, 404),
    ),
    live_metrics.watch: Operation(
        summary="A sample a second of what the server does",
        answers={200: Media("text/event-stream", live_metrics.Sample)},
    ),
    accounts.log_in: Operation(
        summary="Sign in", body=LoginForm, answers={200: Tokens}, refusals=(401, 429)
    ),
    accounts.log_out: Operation(
        summary="End the browser's sign-in", answers={204: None}, refusals=(403,)
    ),
    refresh.refresh: Operation(
        summary="Renew the browser's sign-in", answers={200: Tokens}, refusals=(401, 403)
    ),
    accounts.who_am_i: Operation(summary="Who am I?", answers={200: Me}),
    accounts.change_password: Operation(
        summary="Change one's own password",
        body=PasswordForm,
        answers={200: Tokens},
        refusals=(429,),
    ),
    chat.complete: Operation(
        summary="Chat; what fails once the stream is open is an error event",
        body=ChatForm,
        answers={200: Media("text/event-stream", AnyEvent)},
        refusals=(404, 429),
    ),
    streams.resume: Operation(
        summary="What came of a resumable stream after Last-Event-ID, and what comes",
        answers={200: Media("text/event-stream", AnyEvent), 204: None},
        refusals=(400, 410),
    ),
    streams.stop: Operation(summary="End a resumable stream", answers={204: None}),
    page_config.show_config: Operation(
        summary="Limits of this server", answers={200: page_config.PageConfig}
    ),
    conversations.list_conversations: Operation(
        summary="One's own conversations, the newest first",
        query=ListQuery,
        answers={200: conversations.ConversationPage},
        refusals=(404,),
    ),
    conversations.add_conversation: Operation(
        summary="Begin a conversation",
        body=NewConversation,
        answers={201: Conversation},
        refusals=(404,),
    ),
    conversations.show_conversation: Operation(
        summary="A conversation with its messages", answers={200: StoredConversation}
    ),
    conversations.change_conversation: Operation(
        summary="Rename a conversation, or give it another profile",
        body=ConversationChanges,
        answers={200: Conversation},
    ),
    conversations.remove_conversation: Operation(
        summary="Remove a conversation", answers={204: None}
    ),
    conversations.put_message: Operation(
        summary="Make this the message at a place, and the last one",
        body=Entry,
        answers={200: Conversation},
        refusals=(409,),
    ),
    conversations.export_conversation: Operation(
        summary="A conversation as a file",
        query=ExportQuery,
        answers={200: (StoredConversation, Media("text/markdown"))},
    ),
    profiles.list_profiles: Operation(
        summary="The profiles that one may use; admins see more of each",
        answers={200: (list[profiles.AdminProfileView], list[profiles.ProfileView])},
    ),
    profiles.add_profile: Operation(
        summary="Add a profile",
        body=ProfileForm,
        answers={201: profiles.AdminProfileView},
        refusals=(409,),
    ),
    profiles.show_profile: Operation(
        summary="A profile; admins see more of it",
        answers={200: (profiles.AdminProfileView, profiles.ProfileView)},
    ),
    profiles.change_profile: Operation(
        summary="Change a profile",
        body=ProfileChanges,
        answers={200: profiles.AdminProfileView},
        refusals=(409,),
    ),
    profiles.remove_profile: Operation(summary="Remove a profile", answers={204: None}),
    profiles.try_profile: Operation(
        summary="Ask a profile's server for its models", answers={200: ProfileTest}
    ),
    keys.list_keys: Operation(summary="One's own API keys", answers={200: list[keys.KeyView]}),
    keys.add_key: Operation(
        summary="Make an API key; its secret is shown this once",
        body=KeyForm,
        answers={201: keys.KeyView},
        refusals=(409,),
    ),
    keys.remove_key: Operation(summary="Remove an API key", answers={204: None}),
    audit.list_changes: Operation(
        summary="Who changed what, newest first", query=AuditQuery, answers={200: audit.AuditPage}
    ),
    users.list_users: Operation(summary="All users", answers={200: list[users.UserView]}),
    users.add_user: Operation(
        summary="Add a user", body=UserForm, answers={201: users.UserView}, refusals=(409,)
    ),
    users.show_user: Operation(summary="A user", answers={200: users.UserView}),
    users.change_user: Operation(
        summary="Change a user; their tokens end",
        body=UserChanges,
        answers={200: users.UserView},
        refusals=(409,),
    ),
    users.remove_user: Operation(summary="Remove a user", answers={204: None}, refusals=(409,)),
    openai.complete: Operation(
        summary="Chat as OpenAI's clients do, as a stream or as a whole",
        body=OpenAiRequest,
        answers={200: (OpenAiAnswer, Media("text/event-stream"))},
        refusals=(404, 429, *STATUSES.values()),
    ),
    openai_models.list_models: Operation(
        summary="The profiles that one may use, as OpenAI lists models",
        answers={200: OpenAiModels},
    ),
    openai_models.show_model: Operation(
        summary="A profile, as OpenAI shows a model", answers={200: OpenAiModel}
    ),
}
