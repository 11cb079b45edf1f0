"""Users, profiles and API keys in a database: a URL in; a ``Repository`` of value objects out."""

from mlx_relay.storage.database import Database, open_database
from mlx_relay.storage.repository import Repository

__all__ = ["Database", "Repository", "open_database"]
