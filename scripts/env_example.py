"""Write `.env.example`: every setting of `config/settings.py` with its meaning and default.

Run it after a change of the settings: `make generate`. A test fails while the file differs from them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.settings import Settings

FILE = Path(__file__).parents[1] / ".env.example"
HEAD = """\
# All settings of an installation, each commented out with its default. A bare machine needs none of them; production
# needs its own servers and secrets (`estim keys secrets` prints new ones). The programs read the environment, so a
# copy of this file has to be loaded:
#
#     cp .env.example .env        # and change what differs
#     set -a; . ./.env; set +a
#     make run
"""


def env_example() -> str:
    """Return the text of `.env.example`: every setting with its meaning and its default, commented out."""
    parts = [
        f"\n# {field.description}\n#ESTIM_{name.upper()}={default_text(field)}\n"
        for name, field in Settings.model_fields.items()
    ]
    return HEAD + "".join(parts)


def default_text(field: FieldInfo) -> str:
    """Return the default of a setting as its variable would say it; empty if there is none."""
    default: Any = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, Mapping):
        return ",".join(f"{key}={value}" for key, value in default.items())
    return "" if default is None else str(default)


if __name__ == "__main__":
    FILE.write_text(env_example())
