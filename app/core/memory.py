"""Set-up of the garbage collector for programs that stand for weeks and serve thousands of requests a second."""

import gc

ALLOCATIONS = 20_000
"""So many new containers before the young ones are looked through; a batch of requests alone makes thousands."""


def settle_memory() -> None:
    """Take what stands by now out of the collector's way; to be called once, when everything is loaded.

    The half a million objects of the libraries and the routes stay for ever; walking them at every full collection
    cost intake a quarter of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)
