# SPDX-License-Identifier: Apache-2.0
# tools/check-sizes.py on functions and files that are too large.
. "$KRAIT_SOURCE_DIR/tests/style/lib.sh"
new_tree
# lines N TEXT
lines() { awk -v n="$1" -v t="$2" 'BEGIN { for (i = 0; i < n; i++) print t }'; }

{ echo 'static int'; echo 'ok(int a)'; echo '{'; lines 96 '    a++;'; echo '}'; } | put aot/a.c
accepts "a function of 100 lines" check-sizes.py
{ echo 'static int'; echo 'big(int a)'; echo '{'; lines 97 '    a++;'; echo '}'; } | put aot/a.c
refuses "a function of 101 lines" check-sizes.py "aot/a.c:1: big has 101 lines"
echo 'aot/a.c big # a table' | put tools/sizes-allowed.txt
accepts "an allowed one" check-sizes.py
{ echo 'int f(int a)'; echo '{'; lines 24 '    if (a) a--;'; echo '}'; } | put aot/a.c
refuses "an exception that is not needed" check-sizes.py "'aot/a.c big' is not needed any more"
rm "$T/tree/tools/sizes-allowed.txt"
accepts "a complexity of 25" check-sizes.py
{ echo 'int f(int a)'; echo '{'; lines 25 '    if (a) a--;'; echo '}'; } | put aot/a.c
refuses "a complexity of 26" check-sizes.py "f has a complexity of 26"
{ echo 'int f(int a) {'; lines 13 '    if (a && b) /* if (x) */ g("if (x) && y");'; echo '}'; } | put aot/a.c
refuses "conditions joined by &&" check-sizes.py "f has a complexity of 27"
lines 1001 '' | put aot/a.c
refuses "a file of 1001 lines" check-sizes.py "aot/a.c:1: 1001 lines"
finish
