# SPDX-License-Identifier: Apache-2.0
"""Counts the words of every text file in a folder.

usage: wordcount.py FOLDER [HOW-MANY]
"""
import collections
import pathlib
import re
import sys

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def words_of(path):
    """The words of a file in lower case."""
    for line in path.read_text(encoding="utf-8").splitlines():
        for word in WORD.findall(line):
            yield word.lower()


def main(folder, how_many):
    total = collections.Counter()
    for path in sorted(pathlib.Path(folder).rglob("*.txt")):
        counts = collections.Counter(words_of(path))
        print("%6d  %s" % (counts.total(), path.relative_to(folder)))
        total += counts
    print("%6d  words, %d different" % (total.total(), len(total)))
    # The most frequent first, equal ones by alphabet.
    for word, count in sorted(total.items(), key=lambda item: (-item[1], item[0]))[:how_many]:
        print("%6d  %s" % (count, word))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 5)
