"""The floor: an app that only inserts a comparable row with FastAPI and asyncpg, without the product's work.

It has no validation, key, encryption or limits: no service on this stack could do less. Intake is compared with it,
because absolute numbers depend on the machine.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

TABLE = """
CREATE TABLE floor_ticket (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    external_id text NOT NULL,
    content jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE (channel, external_id)
)
"""
INSERT = "INSERT INTO floor_ticket (id, channel, external_id, content, received_at) VALUES ($1, $2, $3, $4, $5)"


def create_floor_app(database_url: str) -> FastAPI:
    """Create the floor app; it creates its one table in the database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database_url, min_size=10, max_size=10) as pool:
            await pool.execute(TABLE)
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/tickets")
    async def create_ticket(request: Request) -> JSONResponse:
        raw = await request.body()
        body, row_id, now = json.loads(raw), uuid4(), datetime.now(UTC)
        await app.state.pool.execute(INSERT, row_id, body["channel"], body["external_id"], raw.decode(), now)
        return JSONResponse({"id": str(row_id), "received_at": now.isoformat()}, status_code=201)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_floor_app(os.environ["FLOOR_DATABASE_URL"]), port=int(sys.argv[1]), log_level="warning", access_log=False
    )
