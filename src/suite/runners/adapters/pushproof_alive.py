"""In the process that pytest was started as, when its tests are over: sees that the process does not end, and why."""

import os
import sys
import threading
import time

# After how many seconds it is told what keeps a process alive, and after how many the process is ended.
TOLD_AFTER = 3
ENDED_AFTER = 15

sleep = time.sleep


def watch_life(send, status):
    """Python waits at its end for every thread that is no daemon. One that watches does not keep it alive itself."""
    threading.Thread(target=watch, args=(send, status), name="pushproof", daemon=True).start()


def watch(send, status):
    sleep(TOLD_AFTER)
    send(type="alive", by=holders(), isEnded=False)
    sleep(ENDED_AFTER - TOLD_AFTER)
    if not holders():
        return  # What runs as the interpreter ends has nothing to do with what was left open.
    send(type="alive", by=holders(), isEnded=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def holders():
    own = (threading.main_thread(), threading.current_thread())
    return ["the thread %s" % thread.name for thread in threading.enumerate() if thread not in own and not thread.daemon]
