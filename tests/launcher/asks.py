# SPDX-License-Identifier: Apache-2.0
"""Root on a terminal is asked before packages are installed: yes installs, everything else
prints the command and stops. Stdin stays the script's: the answer comes from the terminal."""
import os
import pty
import subprocess
import sys
import tempfile

source = os.environ["KRAIT_SOURCE_DIR"]


def run(answer):
    """The launcher with a terminal and a pipe as stdin: (exit status, what it said)."""
    script = r'''
. "$KRAIT_SOURCE_DIR/tests/launcher/lib.sh"
export FAKE_STORE="$T/store"
mkdir "$T/store"
mv "$bin/patch" "$T/store/"
fake apt-cache <<'EOF'
#!/bin/sh
EOF
fake apt-get <<'EOF'
#!/bin/sh
cp "$FAKE_STORE"/patch "${0%/*}/"
echo "apt-get was called" >&2
EOF
FAKE_UID=0 && export FAKE_UID
printf 'the script reads this' | PATH=$bin "$co/krait" stdin
exit
'''
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.sh")
        with open(path, "w") as f:
            f.write(script)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("sh", ["sh", path])
        said = b""
        answered = False
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                break
            if not part:
                break
            said += part
            if b"[y/N]" in said and not answered:
                answered = True
                os.write(terminal, answer)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status), said.decode(errors="replace"), answered


failures = 0


def check(what, ok, said):
    global failures
    if not ok:
        failures += 1
        print("failed: %s\n%s" % (what, said))


os.environ.pop("CI", None)
status, said, asked = run(b"y\n")
check("it asks", asked, said)
check("yes installs", "apt-get was called" in said, said)
check("yes goes on", status == 0 and "arg=[stdin]" in said, said)
check("the script has its stdin", "the script reads this" in said, said)
for answer in (b"n\n", b"\n", b"\x04"):
    status, said, asked = run(answer)
    check("%r does not install" % answer, asked and "apt-get was called" not in said, said)
    check("%r stops with 125" % answer, status == 125, said)
    check("%r prints the command" % answer, "sudo apt-get" in said, said)
sys.exit(1 if failures else 0)
