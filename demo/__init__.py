"""Demonstration: a month of a city in half a minute, with the real programs and checked figures."""
