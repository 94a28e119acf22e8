# SPDX-License-Identifier: Apache-2.0
# run_blocks.py notices other output, failing scripts and C that does not compile.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v python3 >/dev/null || skip "no python3"
printf '#!/bin/sh\necho "krait got: $*"\n' >"$T/program"
chmod +x "$T/program"
try() {
    cat >"$T/doc.md"
    out=$(KRAIT=$T/program python3 "$KRAIT_SOURCE_DIR/tests/docs/run_blocks.py" "$T/doc.md")
    rc=$?
}
try <<'EOF'
```console run
$ ./krait run a \
>   b
krait got: run a b
$ seq 5
1
...
5
$ true
```
```sh run
test -d examples
```
```c build
#include <krait/error.h>
krait_status f(void);
```
EOF
same "what is right passes ($out)" $rc 0
try <<'EOF'
```console run
$ krait run
krait got: walk
```
EOF
same "other output is refused" $rc 1
has "and shown" "$out" "krait got: run"
try <<'EOF'
```console run
$ true
something
```
EOF
same "missing output is refused" $rc 1
try <<'EOF'
```sh run
false
true
```
EOF
same "a failing script is refused" $rc 1
try <<'EOF'
```c build
int f(void) { return undeclared; }
```
EOF
same "C that does not compile is refused" $rc 1
try <<'EOF'
nothing to run
EOF
same "a document without blocks is refused" $rc 1
finish
