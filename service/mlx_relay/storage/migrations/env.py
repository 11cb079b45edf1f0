"""What alembic runs: the connection that ``storage.migrate`` handed over, in its transaction."""

from alembic import context

from mlx_relay.storage.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
