"""Settings in; findings about the database and who is in it, and its profiles, out."""

from mlx_relay.cli.doctor_finding import Finding, ill, well
from mlx_relay.config import Settings
from mlx_relay.errors import ConfigurationError, Unavailable
from mlx_relay.profiles import Profile
from mlx_relay.storage import look_at_database, open_database

_ADD_ADMIN = "mlx-relay user add NAME --admin"


async def look_at_storage(settings: Settings) -> tuple[list[Finding], list[Profile]]:
    """Look, and change nothing: a schema that is older is left as it is."""
    try:
        state = await look_at_database(settings.effective_database_url)
    except ConfigurationError as error:
        return [ill("database", str(error), "start it, or correct the setting database_url")], []
    match state:
        case "current":
            return await _look_inside(settings)
        case "older":
            return [
                well("database", "its schema is older: the next start brings it up to date")
            ], []
        case "newer":
            return [
                ill(
                    "database",
                    "its schema is newer than this mlx-relay",
                    "install the newer version, or restore a backup",
                )
            ], []
        case _:
            return [
                well("database", "is not there yet: the first start makes it"),
                ill("users", "there is no user yet", _ADD_ADMIN),
            ], []


async def _look_inside(settings: Settings) -> tuple[list[Finding], list[Profile]]:
    try:
        async with open_database(settings.effective_database_url) as database:
            users = await database.repository.users()
            profiles = await database.repository.profiles()
    except (ConfigurationError, Unavailable) as error:
        return [ill("database", str(error), "see whether another program locks it")], []
    findings = [well("database", "answers, and its schema is up to date")]
    if not any(user.is_active_admin for user in users):
        findings.append(ill("users", "nobody is an administrator", _ADD_ADMIN))
    return findings, [profile for profile in profiles if profile.enabled]
