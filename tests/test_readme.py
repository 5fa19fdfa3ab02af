"""The README's requests work as printed: a shell runs them against a real server."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from config.settings import Settings
from tests.installation import ROOT, new_key, served

README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)

Shell = Callable[[int], Awaitable[str]]


@pytest.fixture
async def example(app: FastAPI, tmp_path: Path) -> AsyncIterator[Shell]:
    """Yield a function that runs the n-th example, with a key, against this test's server and returns its output."""
    (tmp_path / ".estim").mkdir()
    (tmp_path / ".estim/api-key").write_text(await new_key(app.state.container, "developer"))
    async with served(app) as address:

        async def run(number: int) -> str:
            script = EXAMPLES[number - 1].replace("http://127.0.0.1:8000", address)
            shell = await asyncio.create_subprocess_exec(
                "bash", "-euo", "pipefail", "-c", script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
            )
            printed, _ = await shell.communicate()
            assert shell.returncode == 0
            return printed.decode()

        yield run


async def test_the_six_requests_work_as_printed(example: Shell) -> None:
    assert len(EXAMPLES) == 6

    call = json.loads(await example(1))
    assert (call["status"], call["suggested_unit"]) == ("received", "public-works")
    assert call["clocks"][0]["limit"] == "15 GÜN"

    first, second = re.findall(r"HTTP/1.1 201 Created.*?(\{.*?\})\s*(?=HTTP|$)", await example(2), flags=re.DOTALL)
    assert first == second

    problem = json.loads(await example(3))
    assert problem["errors"][0]["pointer"] == "/sender"
    assert "phone" in problem["errors"][0]["detail"]
    assert problem["quarantine_id"]

    referred = json.loads(await example(4))
    assert (referred["status"], referred["unit"]) == ("referred", "cleaning")

    tracked = json.loads(await example(5))
    assert (tracked["number"], tracked["unit_name"]) == (referred["number"], "Temizlik İşleri Müdürlüğü")

    why = await example(6)
    assert referred["number"] in why
    assert "15 GÜN" in why


def test_every_setting_is_in_the_table() -> None:
    documented = set(re.findall(r"`ESTIM_([A-Z_]+)`", README))
    known = {name.upper() for name in Settings.model_fields}
    assert known - documented == set()
    assert documented - known == set()
