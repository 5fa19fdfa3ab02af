"""Run a program that the kernel ends when its parent process ends, even by SIGKILL.

`python -I -S die_with_parent.py PARENT SIGNAL OWNER PROGRAM ARGUMENT…`

PARENT is the process id to be tied to. SIGNAL is the number of the signal that the program gets when PARENT ends. OWNER
is `uid:gid` to switch to first, or `-`. The program replaces this process. This is a script because `preexec_fn` may
deadlock in a process with threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Switch to OWNER, tie this process to PARENT and execute PROGRAM; exit with 1 if PARENT has ended."""
    parent, number, owner, *program = arguments
    if owner != "-":
        uid, gid = (int(part) for part in owner.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)  # before prctl: a change of user resets the death signal
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606  no shell between parent and program


if __name__ == "__main__":
    main(sys.argv[1:])
