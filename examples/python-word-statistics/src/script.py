# SPDX-License-Identifier: Apache-2.0
"""Words of text documents: how many, how many different ones, which are the most frequent.

A document is read in pieces, so its size does not matter; what is remembered is limited by the number of
different words.  What does not look like text has no row.
"""
import codecs
import collections
import re
import unicodedata

import wadup

PIECE = 1 << 16
MOST_DIFFERENT = 200_000    # beyond that, words that were met once are forgotten
MOST_FREQUENT = 10
LONGEST_WORD = 100          # longer ones are no words: base64, minified code

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Letters, with an apostrophe or a hyphen between them.
WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def encoding_of(head):
    """What the first bytes say; None for what is no text."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head or sum(c < 32 and c not in b"\t\n\r\f\x1b" for c in head) > len(head) // 100:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError:
        return "cp1252"


class Statistics:
    def __init__(self):
        self.words = collections.Counter()
        self.total = self.letters = self.characters = self.lines = self.forgotten = 0
        self.longest = ""

    def add(self, text):
        text = unicodedata.normalize("NFC", text)
        for word in WORD.findall(text):
            if len(word) > LONGEST_WORD:
                continue
            self.total += 1
            self.letters += len(word)
            if len(word) > len(self.longest):
                self.longest = word
            self.words[word.casefold()] += 1
        if len(self.words) > MOST_DIFFERENT:
            kept = {word: count for word, count in self.words.items() if count > 1}
            self.forgotten += len(self.words) - len(kept)
            self.words = collections.Counter(kept if len(kept) <= MOST_DIFFERENT // 2 else
                                             dict(self.words.most_common(MOST_DIFFERENT // 2)))

    def read(self, stream, encoding):
        """Lines end anywhere in a piece, words not: the last one waits for the next piece."""
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        waiting = ""
        last = "\n"
        while True:
            piece = stream.read(PIECE)
            text = decoder.decode(piece, final=not piece)
            self.characters += len(text)
            self.lines += text.count("\n")
            last = text[-1:] or last
            waiting += text
            end = max(waiting.rfind(" "), waiting.rfind("\n")) if piece else len(waiting)
            if end < 0 and len(waiting) > PIECE:
                end = len(waiting)
            self.add(waiting[:max(end, 0)])
            waiting = waiting[max(end, 0):]
            if not piece:
                break
        if last != "\n":
            self.lines += 1


def main():
    wadup.define_table("text_statistics", [
        ("filename", "String"), ("encoding", "String"), ("characters", "Int64"), ("lines", "Int64"),
        ("words", "Int64"), ("different_words", "Int64"), ("average_length", "Float64"), ("longest_word", "String")])
    wadup.define_table("frequent_words", [("rank", "Int64"), ("word", "String"), ("count", "Int64"), ("share", "Float64")])

    statistics = Statistics()
    with open("/data.bin", "rb") as stream:
        encoding = encoding_of(stream.read(PIECE))
        if encoding is None:
            return
        stream.seek(0)
        statistics.read(stream, encoding)

    wadup.insert_row("text_statistics", [
        wadup.document()["filename"], encoding, statistics.characters, statistics.lines, statistics.total,
        len(statistics.words) + statistics.forgotten,
        statistics.letters / statistics.total if statistics.total else None, statistics.longest or None])
    # Equal counts in the order of the alphabet, so that the rows do not depend on chance.
    frequent = sorted(statistics.words.items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]
    for rank, (word, count) in enumerate(frequent, 1):
        wadup.insert_row("frequent_words", [rank, word, count, count / statistics.total])


if __name__ == "__main__":
    main()
