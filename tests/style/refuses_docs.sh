# SPDX-License-Identifier: Apache-2.0
# tools/check-docs.py on broken links and unmarked blocks.
. "$KRAIT_SOURCE_DIR/tests/style/lib.sh"
new_tree
mkdir -p "$T/tree/docs"
put docs/a.md <<'EOF'
# Title of `a`

[self](#title-of-a) [b](b.md#part-two) [out](https://example.org/x) `[code](nowhere.md)`

```console run
$ krait --version
```

```text
[no link](nowhere.md)
```
EOF
put docs/b.md <<'EOF'
## Part two
EOF
accepts "links that lead somewhere" check-docs.py
echo '[x](gone.md)' | put docs/b.md
refuses "a link to nothing" check-docs.py "docs/b.md:1: link to 'gone.md': no such file"
echo '[x](a.md#no)' | put docs/b.md
refuses "a link to no heading" check-docs.py "no such heading"
printf '## Part two\n```\nx\n```\n' | put docs/b.md
refuses "a block without language" check-docs.py "docs/b.md:2: the block names no language"
printf '## Part two\n```sh\nx\n```\n' | put docs/b.md
refuses "a shell block without a mark" check-docs.py "marked neither 'run' nor 'no-run'"
printf '## Part two\n```c\nx\n```\n' | put docs/b.md
refuses "a C block without a mark" check-docs.py "marked neither 'build' nor 'no-build'"
printf '## Part two\n```text\nx\n' | put docs/b.md
refuses "a block that is not closed" check-docs.py "not closed"
echo '## Part two' | put docs/b.md
awk 'BEGIN { for (i = 0; i < 201; i++) print "x" }' | put README.md
refuses "a long README" check-docs.py "README.md:1: 201 lines"
finish
