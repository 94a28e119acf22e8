# SPDX-License-Identifier: Apache-2.0
"""Signals and timers (guest/native: signal.c, itimer.c)."""
import errno
import os
import signal
import time

seen = []


def fails(error, call, *args):
    try:
        call(*args)
    except OSError as e:
        assert e.errno == error, (call, e, errno.errorcode[error])
    else:
        raise AssertionError("%r%r did not fail" % (call, args))


def note(number, frame):
    seen.append(number)


def took():
    found = seen[:]
    seen.clear()
    return found


def sending():
    for number in signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP:
        assert signal.signal(number, note) == signal.SIG_DFL
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGTERM)
    os.killpg(os.getpgrp(), signal.SIGHUP)
    os.kill(0, signal.SIGUSR1)
    assert took() == [signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1], seen
    os.kill(os.getpid(), 0)
    fails(errno.ESRCH, os.kill, os.getpid() + 1, 0)
    fails(errno.EINVAL, os.kill, os.getpid(), 65)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGCHLD)
    assert took() == []
    assert signal.signal(signal.SIGUSR1, note) == signal.SIG_IGN
    fails(errno.EINVAL, signal.signal, signal.SIGKILL, note)
    fails(errno.ENOTSUP, os.kill, os.getpid(), signal.SIGSTOP)
    assert len(signal.valid_signals()) == 64
    signal.siginterrupt(signal.SIGUSR1, False)


def waiting():
    """What is waited for is taken, and no handler runs."""
    assert signal.sigpending() == set()
    assert signal.sigtimedwait({signal.SIGUSR1}, 0) is None
    assert signal.sigtimedwait({signal.SIGUSR1}, 0.01) is None
    signal.signal(signal.SIGALRM, note)
    for wait in signal.sigwaitinfo, lambda set: signal.sigtimedwait(set, 60), signal.sigwait:
        # Again and again: one that comes before this waits is the handler's.
        for _ in range(50):
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            found = wait({signal.SIGALRM, signal.SIGHUP})
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert found == signal.SIGALRM or (found.si_signo == signal.SIGALRM and found.si_pid == os.getpid())
            if took() == []:
                break
        else:
            raise AssertionError("the handler of what is waited for")
    # CPython itself answers with a signal that was none when the time is up before it goes on.
    for _ in range(50):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        found = signal.sigtimedwait({signal.SIGUSR1}, 0.1)
        assert took() == [signal.SIGALRM]
        if found is None:
            break
    else:
        raise AssertionError("goes on after a handler")


def timers():
    signal.signal(signal.SIGALRM, note)
    # A machine that stands still for a second does not do so each time.
    assert any(signal.alarm(100) == 0 and 98 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100 and
               signal.alarm(0) == 100 and signal.alarm(0) == 0 for _ in range(20))
    # The first one may come before this pauses.
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    signal.pause()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert set(took()) == {signal.SIGALRM}
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    while len(seen) < 3:
        pass
    assert signal.setitimer(signal.ITIMER_REAL, 0)[1] == 0.01
    assert set(took()) == {signal.SIGALRM}
    signal.signal(signal.SIGVTALRM, note)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.01)
    while not seen:
        pass
    assert took() == [signal.SIGVTALRM]
    fails(errno.EINVAL, signal.setitimer, signal.ITIMER_REAL, -1)


def sleeping():
    """A sleep goes on after a handler; an exception ends it."""
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.05)
    assert took() == [signal.SIGALRM]

    def stop(number, frame):
        raise KeyError(number)
    signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(100)
    except KeyError as e:
        assert e.args == (signal.SIGALRM,)


for check in sending, waiting, timers, sleeping:
    check()
print("alive", flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGTERM)
print("not reached", flush=True)
