# SPDX-License-Identifier: Apache-2.0
"""A guest fills its quota of files with things of one size, removes them, and goes on with the next size: the
program's own memory stays below the quota and what it needs anyhow, which is far below the sum of all sizes."""
import os
import subprocess
import sys

QUOTA_MIB = 32
GUEST = """
import os
os.mkdir('/tmp/x'); os.chdir('/tmp/x')
def fill(make, folder='', stay=0):
    n = 0
    try:
        while n < 300000:
            n += 1
            make('f%d' % n)
    except OSError:
        pass
    for i in range(1 + stay, n + 1):
        try: os.unlink('%sf%d' % (folder, i))
        except FileNotFoundError: pass
    return n
def sparse(name):
    fd = os.open(name, os.O_CREAT | os.O_RDWR)
    try: os.pwrite(fd, b'x', blocks * 4096)
    finally: os.close(fd)
for size in (4090, 3500, 3000, 2500, 2000, 1750, 1500, 1250):
    assert fill(lambda name: os.symlink('a' * size, name)) > 2000
for blocks in (508, 636, 764, 892, 1020, 1276, 1532, 1788, 2044, 3068, 4092, 6140):
    assert fill(sparse) > 200
# Names alone, of one file, in one directory after another; the last one stays.
open('one', 'w').close()
for d in range(12):
    os.mkdir('d%d' % d)
    assert fill(lambda name: os.link('one', 'd%d/%s' % (d, name)), 'd%d/' % d, 1) > 50000
print(len(os.listdir('.')))
"""

process = subprocess.Popen([os.environ["KRAIT"], "run", "--max-fs", "%dM" % QUOTA_MIB, "-c", GUEST],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
text = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
process.returncode = 0
mib = usage.ru_maxrss / 1024
print("%s, status %d, at most %.0f MiB" % (text.decode().strip(), status, mib))
sys.exit(0 if (text, status) == (b"13\n", 0) and mib < QUOTA_MIB + 60 else 1)
