"""Users, profiles, API keys, sign-ins, conversations and the audit log in a database.

A URL in; a ``Database``, whose parts give value objects, out.
"""

from mlx_relay.storage.audit import AuditLog
from mlx_relay.storage.conversations import Conversations
from mlx_relay.storage.database import Database, look_at_database, open_database
from mlx_relay.storage.repository import Repository
from mlx_relay.storage.sign_ins import SignIns
from mlx_relay.storage.standing import Standing

__all__ = [
    "AuditLog",
    "Conversations",
    "Database",
    "Repository",
    "SignIns",
    "Standing",
    "look_at_database",
    "open_database",
]
