# SPDX-License-Identifier: Apache-2.0
"""A symbolic link that leads out of the folder must not be followed, whoever made it."""
import os

os.chdir("/data")
try:
    os.symlink("../../../../../../etc/passwd", "own")
except OSError:
    pass  # refused already here, which is as good
for link in "own", "made-by-host":
    try:
        with open(link, "rb") as file:
            print(link, "leads to", len(file.read()) > 0 and "a file of the host")
    except OSError:
        print(link, "leads nowhere")
if os.path.lexists("own"):
    os.unlink("own")
