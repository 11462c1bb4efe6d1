"""Tells the verifier how far this process is, and what it finds."""

import json
import os
import socket

from pushproof_process import is_worker


class Reporter:
    """Sends progress to the verifier, one JSON object per line. Ignores that the verifier stopped listening."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)

    def send(self, **message):
        try:
            self.socket.sendall((json.dumps(message) + "\n").encode())
        except OSError:
            pass


def open_reporter():
    """Connected before tests can replace sockets; a worker without a connection still works."""
    path = os.environ.get("VERIFY_PROGRESS")
    try:
        return Reporter(path) if path else None
    except OSError:
        if is_worker:
            return None
        raise


reporter = open_reporter()


reporter = open_reporter()
