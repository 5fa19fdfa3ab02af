"""Run a program that the kernel ends as soon as its parent has died, however it died.

`python -I -S die_with_parent.py PARENT SIGNAL OWNER PROGRAM ARGUMENT…`: PARENT is the process id to be tied to,
SIGNAL the number the program gets when that process is gone, OWNER `uid:gid` to become first (`-` to stay).
The program replaces this process. A file of its own and no `preexec_fn`, which may deadlock beside threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become OWNER, tie this process to PARENT and turn into PROGRAM; exit with 1 if the parent is gone."""
    parent, number, owner, *program = arguments
    if owner != "-":
        uid, gid = (int(part) for part in owner.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)  # before prctl: a change of user forgets the tie
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606  no shell is wanted between parent and program


if __name__ == "__main__":
    main(sys.argv[1:])
