"""The vault as a dependency of routes."""

from typing import Annotated

from fastapi import Depends, Request

from app.people.vault import Vault


async def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.container.vault
    return vault


VaultDep = Annotated[Vault, Depends(_vault)]
"""The vault of the process."""
