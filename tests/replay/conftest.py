"""The processes of the integration tests."""

from integration.conftest import fake, relay

__all__ = ["fake", "relay"]
