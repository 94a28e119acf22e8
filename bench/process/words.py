# SPDX-License-Identifier: Apache-2.0
"""A small module: one row for each document."""
import wadup

wadup.define_table("words", [("words", "Int64"), ("characters", "Int64"), ("mean", "Float64"),
                             ("longest", "String")])
with open("/data.bin", encoding="utf-8") as file:
    text = file.read()
words = text.split()
wadup.insert_row("words", [len(words), len(text), sum(map(len, words)) / len(words),
                           max(words, key=len)])
