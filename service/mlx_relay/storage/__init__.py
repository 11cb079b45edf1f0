"""Users, profiles, API keys, sign-ins and conversations in a database.

A URL in; a ``Repository``, ``SignIns`` and ``Conversations`` of value objects out.
"""

from mlx_relay.storage.conversations import Conversations
from mlx_relay.storage.database import Database, open_database
from mlx_relay.storage.repository import Repository
from mlx_relay.storage.sign_ins import SignIns

__all__ = ["Conversations", "Database", "Repository", "SignIns", "open_database"]
