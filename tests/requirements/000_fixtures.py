# SPDX-License-Identifier: Apache-2.0
"""Documents like those that the tests of requirement 000 have: 000_fixtures.py FOLDER."""
import os
import sqlite3
import sys
import zipfile


def main(folder):
    os.chdir(folder)
    database = sqlite3.connect("sample.db")
    database.executescript("""
        CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, email TEXT);
        INSERT INTO users(name, email) VALUES ('Alice', 'alice@example.com'), ('Bob', 'bob@example.com'),
            ('Charlie', 'charlie@example.com');
        CREATE TABLE posts(id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT);
        INSERT INTO posts(user_id, title) VALUES (1, 'a'), (1, 'b'), (2, 'c'), (3, 'd'), (3, 'e');""")
    database.close()
    with zipfile.ZipFile("test.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("file1.txt", "This is the first file in the archive.\n" + "x")
        archive.writestr("file2.txt", "This is the second one, and it is longer than that.\n" + "y")
    for n in (1, 2, 3):
        with open("test%d.txt" % n, "w", encoding="utf-8") as f:
            f.write("Hello World\nThis is a test file\nWith multiple lines\n" * n)


if __name__ == "__main__":
    main(sys.argv[1])
