# SPDX-License-Identifier: Apache-2.0
# tools/check-bans.py on planted calls.
. "$KRAIT_SOURCE_DIR/tests/style/lib.sh"
new_tree
spdx='/* SPDX-License-Identifier: Apache-2.0 */'
# plant FILE LINE
plant() { printf '%s\n%s\n' "$spdx" "$2" | put "$1"; }

plant host/api/a.c '/* strcpy() is banned */ static const char t[] = "strcpy(a, b)"; x->free(x); int fd = openat(d, p, O_CLOEXEC);'
accepts "a name in a comment or a string, and a member call" check-bans.py

refuse_line() {
    plant "$1" "$2"
    refuses "$2 in $1" check-bans.py "$1:2: $3"
    rm "$T/tree/$1"
}
refuse_line host/api/b.c 'strcpy(a, b);' "'strcpy' is banned"
refuse_line cli/b.c 'sprintf(a, "%d", b);' "'sprintf' is banned"
refuse_line guest/b.c 'strcat (a, b);' "'strcat' is banned"
refuse_line aot/b.c 'n = atoi(s);' "'atoi' is banned"
refuse_line aot/b.c 'n = strtoul(s, 0, 10);' "'strtoul' is banned"
refuse_line host/vfs/b.c 'p = malloc(3);' "'malloc' is banned"
refuse_line host/vfs/b.c 'free(p);' "'free' is banned"
refuse_line host/vfs/b.c 'printf("x");' "'printf' is banned"
refuse_line host/vfs/b.c 'abort();' "'abort' is banned"
refuse_line aot/b.c 'fprintf(stderr, "x");' "'fprintf(std' is banned"
refuse_line aot/b.c 'exit(1);' "'exit' is banned"
refuse_line cli/b.c 'system("ls");' "'system' is banned"
refuse_line cli/b.c 'signal(SIGINT, h);' "'signal' is banned"
refuse_line host/vfs/b.c 'setenv("a", "b", 1);' "'setenv' is banned"
refuse_line host/vfs/b.c 'int fd = open(p, O_RDONLY);' "open without CLOEXEC"
refuse_line host/vfs/b.c 'int fd = openat(d, p,
    O_RDONLY);' "openat without CLOEXEC"
refuse_line cli/b.c 'f = fopen(p, "r");' "fopen without 'e'"
refuse_line host/vfs/b.c 'int fd = dup(0);' "'dup' is banned"
refuse_line aot/b.c 'assert(n++ < 3);' "assert with a side effect"
refuse_line aot/b.c 'assert(n = 3);' "assert with a side effect"
refuse_line tests/b.c '/* TODO: later */' "'TODO' without an issue number"
plant tests/b.c '/* TODO(#12): later */ assert(a == b && c <= d); signal(SIGPIPE, SIG_IGN); f = fopen(p, "re");'
accepts "a TODO with its issue, and an assert that only looks" check-bans.py
plant host/base/alloc.c 'p = malloc(3);'
accepts "malloc where it belongs" check-bans.py
echo 'int a;' | put cli/c.c
refuses "a file without licence" check-bans.py "cli/c.c:1: no SPDX"
finish
