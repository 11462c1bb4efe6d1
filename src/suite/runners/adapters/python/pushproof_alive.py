"""Runs in the pytest process after its tests: detects that the process does not end, and why."""

import gc
import io
import os
import sys
import threading
import time
from itertools import compress

# After how many seconds the reason is reported, and after how many the process is killed.
TOLD_AFTER = 3
ENDED_AFTER = 15
# How long a second is, in milliseconds: shorter where this is tried.
SECOND = float(os.environ.get("VERIFY_ALIVE_SECOND", "1000"))

sleep = time.sleep


FILES = {io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair}


def end_quickly():
    """As it ends Python looks for garbage several times over, which takes longer than a test does. That is left out, so
    what waits to be written to files which only that would close is written here."""
    everything = gc.get_objects()
    for kept in compress(everything, map(FILES.__contains__, map(type, everything))):
        try:
            kept.flush()
        except (OSError, ValueError):
            pass
    gc.freeze()


def watch_life(send, status):
    """At exit Python waits for every non-daemon thread. The watching thread is a daemon."""
    threading.Thread(target=watch, args=(send, status), name="pushproof", daemon=True).start()


def watch(send, status):
    sleep(TOLD_AFTER * SECOND / 1000)
    send(type="alive", by=holders(), isEnded=False)
    sleep((ENDED_AFTER - TOLD_AFTER) * SECOND / 1000)
    if not holders():
        return  # What runs as the interpreter ends has nothing to do with what was left open.
    send(type="alive", by=holders(), isEnded=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def holders():
    own = (threading.main_thread(), threading.current_thread())
    return ["the thread %s" % thread.name for thread in threading.enumerate() if thread not in own and not thread.daemon]
