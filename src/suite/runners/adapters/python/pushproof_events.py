"""What Python's audit events tell: which of them matter, and what they say of files."""

import os

# Where files lie in memory, which are no devices.
MEMORY = "/dev/shm/"
UNTRACED = {
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "pty.spawn": "starts a process",
    "os.startfile": "starts a process",
    "_posixsubprocess.fork_exec": "starts a process",
    "socket.bind": "opens a socket",
    "webbrowser.open": "starts a process",
}
CHANGES = {"os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.mkdir": 1, "os.symlink": 2, "os.link": 2, "os.truncate": 1, "shutil.rmtree": 1}
# The events that tell something; Python has many more, some of them for each function that looks at its caller.
EVENTS = frozenset(["open", "os.listdir", "os.scandir", "socket.connect", "sqlite3.connect", *UNTRACED, *CHANGES])


def is_of_system(path):
    return path.startswith(("/dev/", "/proc/", "/sys/")) and not path.startswith(MEMORY)


def is_writing(mode, flags):
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
