# SPDX-License-Identifier: Apache-2.0
# Every manual page passes mandoc's lint.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v mandoc >/dev/null || skip "no mandoc"
for page in "$KRAIT_SOURCE_DIR"/man/*.[1-9]; do
    [ -e "$page" ] || { failed "there are manual pages"; break; }
    check "$page" mandoc -T lint -W warning "$page"
done
printf '.Dd November 1, 2025\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Bogus\n' >"$T/bad.1"
check_not "a page with a fault is refused" mandoc -T lint -W warning "$T/bad.1"
finish
