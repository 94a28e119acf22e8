# SPDX-License-Identifier: Apache-2.0
"""A profile of CSV files: dialect, header, and of each column its type, how full it is, least and greatest value.

A file is read twice in pieces, first a sample for the dialect, then all of it.  A type holds for all
values of a column: integer, number, boolean, date, datetime, or else text.
"""
import codecs
import csv
import datetime
import io
import re

import wadup

SAMPLE = 1 << 16
MOST_FIELD = 1 << 20        # characters, and of one line
MOST_COLUMNS = 1000
MOST_DIFFERENT = 10_000     # values of a column that are told apart
DELIMITERS = ",;\t|"

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
EMPTY = {"", "NA", "N/A", "NULL", "null", "None", "NaN", "nan", "-"}
BOOLEAN = {"true": True, "false": False, "yes": True, "no": False}
INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"[+-]?([0-9]{1,300}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# In the order in which they are tried, from narrow to wide.
KINDS = ("boolean", "integer", "number", "date", "datetime", "text")


def encoding_of(head):
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError:
        return "cp1252"


class Dialect(csv.excel):
    strict = False


def delimiter_of(sample):
    """The one that cuts most lines into the same number of pieces, more than one; None: this is no CSV."""
    best = (0.0, 0, None)
    for delimiter in DELIMITERS:
        counts = {}
        for row in csv.reader(io.StringIO(sample, newline=""), Dialect, delimiter=delimiter):
            if row:
                counts[len(row)] = counts.get(len(row), 0) + 1
        if not counts:
            continue
        columns, rows = max(counts.items(), key=lambda item: (item[1], item[0]))
        share = rows / sum(counts.values())
        if columns > 1:
            best = max(best, (share, columns, delimiter), key=lambda found: (found[0] > 0.5, found[1] * found[0]))
    return best[2] if best[0] > 0.5 else None


def boolean(text):
    return BOOLEAN.get(text.lower())


def integer(text):
    return int(text) if INTEGER.fullmatch(text) else None


def number(text):
    return float(text) if NUMBER.fullmatch(text) else None


def date(text):
    try:
        return datetime.date.fromisoformat(text).isoformat() if len(text) == 10 else None
    except ValueError:
        return None


def moment(text):
    try:
        return datetime.datetime.fromisoformat(text).isoformat() if len(text) > 10 else None
    except ValueError:
        return None


READ = {"boolean": boolean, "integer": integer, "number": number, "date": date, "datetime": moment, "text": str}


class Column:
    """What is known of a column: for each type that is still possible least and greatest value."""

    def __init__(self, name):
        self.name = name
        self.filled = self.empty = 0
        self.possible = {kind: None for kind in KINDS}
        self.sum = 0.0
        self.longest = 0
        self.different = set()

    def add(self, text):
        text = text.strip()
        if text in EMPTY:
            self.empty += 1
            return
        self.filled += 1
        self.longest = max(self.longest, len(text))
        if len(self.different) < MOST_DIFFERENT:
            self.different.add(hash(text))
        for kind in list(self.possible):
            value = READ[kind](text)
            if value is None:
                del self.possible[kind]
                continue
            least, greatest = self.possible[kind] or (value, value)
            self.possible[kind] = min(least, value), max(greatest, value)
            if kind == "number":
                self.sum += value

    def row(self, position):
        kind = next((kind for kind in KINDS if self.possible.get(kind) is not None), None)
        least, greatest = self.possible[kind] if kind else (None, None)
        return [position, self.name, kind or "empty", self.filled, self.empty, len(self.different),
                len(self.different) >= MOST_DIFFERENT, self.longest, shown(least), shown(greatest),
                self.sum / self.filled if kind in ("integer", "number") else None]


def shown(value):
    return None if value is None else str(value)[:200]


def has_header(rows):
    """Names in the first row, and something else than text below one of them; or names that are all different words."""
    if len(rows) < 1 or any(not name.strip() or READ["number"](name.strip()) is not None for name in rows[0]):
        return False
    if len(set(rows[0])) != len(rows[0]):
        return False
    for position, name in enumerate(rows[0]):
        below = Column(name)
        for row in rows[1:]:
            if position < len(row):
                below.add(row[position])
        if below.filled and below.row(0)[2] != "text":
            return True
    return all(re.fullmatch(r"[^\W\d][\w .()-]*", name.strip()) for name in rows[0])


def lines(stream):
    """A file may have no line ends at all; then it is not read as one line into memory."""
    for line in iter(lambda: stream.readline(MOST_FIELD), ""):
        if len(line) == MOST_FIELD and line[-1] not in "\r\n":
            raise csv.Error("a line of more than %d characters" % MOST_FIELD)
        yield line


def profile(stream, delimiter, names, skips_first):
    """(columns, rows, ragged rows, what is wrong)"""
    columns = [Column(name) for name in names]
    rows = ragged = 0
    try:
        for row in csv.reader(lines(stream), Dialect, delimiter=delimiter):
            if not row:
                continue
            if skips_first:
                skips_first = False
                continue
            rows += 1
            ragged += len(row) != len(columns)
            for position, column in enumerate(columns):
                column.add(row[position] if position < len(row) else "")
    except csv.Error as e:
        return columns, rows, ragged, str(e)
    return columns, rows, ragged, None


def main():
    wadup.define_table("csv_files", [
        ("encoding", "String"), ("delimiter", "String"), ("has_header", "Boolean"), ("row_count", "Int64"),
        ("columns", "Int64"), ("ragged_rows", "Int64"), ("problem", "String")])
    wadup.define_table("csv_columns", [
        ("position", "Int64"), ("name", "String"), ("type", "String"), ("filled", "Int64"), ("empty", "Int64"),
        ("different", "Int64"), ("more_different", "Boolean"), ("longest", "Int64"), ("minimum", "String"),
        ("maximum", "String"), ("mean", "Float64")])
    csv.field_size_limit(MOST_FIELD)
    with open("/data.bin", "rb") as f:
        head = f.read(SAMPLE)
    encoding = encoding_of(head)
    if not head or encoding is None:
        return
    with open("/data.bin", encoding=encoding, errors="replace", newline="") as stream:
        sample = stream.read(SAMPLE)
        # The last line of a sample that is not all of the file is half of one.
        sample = sample[:sample.rfind("\n") + 1] or sample if len(sample) == SAMPLE else sample
        try:
            delimiter = delimiter_of(sample)
            rows = list(csv.reader(io.StringIO(sample, newline=""), Dialect, delimiter=delimiter or ",")) if delimiter else []
        except csv.Error:       # quotes that never end, say: this is something else
            return
        rows = [row for row in rows if row]
        if not rows or len(rows[0]) > MOST_COLUMNS:
            return
        header = has_header(rows[:1000])
        names = rows[0] if header else ["column %d" % n for n in range(1, max(map(len, rows[:1000])) + 1)]
        stream.seek(0)
        columns, count, ragged, problem = profile(stream, delimiter, [name.strip() for name in names], header)
    wadup.insert_row("csv_files", [encoding, delimiter, header, count, len(columns), ragged, problem])
    for position, column in enumerate(columns):
        wadup.insert_row("csv_columns", column.row(position))


if __name__ == "__main__":
    main()
