"""The programs that keep time and deliver: thin, ids in, one service call."""
