"""The delivery of a worker under measurement: it sends all queued notices after each line of input.

It is a process of its own (`python -m bench.notice_dispatcher`) that prints its results as lines of JSON.
"""

import asyncio
import json
import sys
import time

from app.container import open_container
from app.core.garbage_collection import tune_garbage_collector
from config.logging import configure_logging
from config.settings import Settings
from workers.delivery import open_notice_dispatcher
from workers.upkeep import deliver_lost_notices


async def _main() -> None:
    settings = Settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    async with open_container(settings) as container:
        dispatcher = open_notice_dispatcher(container)
        print(json.dumps("ready"), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            started, busy = time.perf_counter(), time.process_time()
            taken = await deliver_lost_notices(container, dispatcher, asyncio.Event())
            seconds = time.perf_counter() - started
            load = (time.process_time() - busy) / seconds
            print(json.dumps({"taken": taken, "seconds": seconds, "load": load}), flush=True)
        await dispatcher.close()


if __name__ == "__main__":
    tune_garbage_collector()
    asyncio.run(_main())
