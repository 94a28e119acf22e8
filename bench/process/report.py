# SPDX-License-Identifier: Apache-2.0
"""A larger one: a regular expression, a counter, dates, JSON; two tables."""
import datetime
import json
import re
from collections import Counter

import wadup

WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
NUMBER = re.compile(r"\b\d{4}\b")


def main():
    wadup.define_table("counts", [("word", "String"), ("count", "Int64")])
    wadup.define_table("facts", [("year", "Int64"), ("weekday", "String"), ("summary", "String")])
    with open("/data.bin", encoding="utf-8") as file:
        text = file.read()
    counts = Counter(WORD.findall(text))
    for word, count in counts.most_common(3):
        wadup.insert_row("counts", [word, count])
    years = [int(number) for number in NUMBER.findall(text)]
    day = datetime.date(years[0], 3, 1)
    wadup.insert_row("facts", [years[0], day.strftime("%A"),
                               json.dumps({"words": sum(counts.values()), "different": len(counts)})])


if __name__ == "__main__":
    main()
