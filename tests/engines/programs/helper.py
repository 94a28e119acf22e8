# SPDX-License-Identifier: Apache-2.0
"""A module beside the script."""


def shout(text):
    return text.upper() + "!"
