# SPDX-License-Identifier: Apache-2.0
"""E-mail messages (RFC 5322, MIME): headers, texts, and attachments as sub-content.

A message that is attached to another one becomes sub-content, too, and is parsed when its turn comes. Mail from the
network is rarely what the standards say: what cannot be decoded is replaced, and the defects that the parser
met are counted.
"""
import email
import email.errors
import email.header
import email.policy
import email.utils
import html.parser
import re

import wadup

MOST_PARTS = 1000
MOST_HEADERS = 1000
MOST_TEXT = 1 << 20         # characters of one body
MOST_HEADER = 10_000        # characters of one header
MOST_MESSAGE = 256 << 20

FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
# Two of these, and it is a message.
KNOWN = {b"from", b"to", b"subject", b"date", b"message-id", b"received", b"mime-version", b"return-path",
         b"content-type", b"delivered-to", b"reply-to", b"cc"}


def is_message(head):
    """Whether it begins with fields of a message's header."""
    found = set()
    for line in head.split(b"\n")[:200]:
        line = line.rstrip(b"\r")
        if not line:
            break
        if line[:1] in b" \t" and found:
            continue
        if not FIELD.match(line):
            if line.startswith(b"From ") and not found:
                continue
            return False
        found.add(line.split(b":")[0].strip().lower())
    return len(found & KNOWN) >= 2


def decoded(value):
    """A header as text: encoded words (RFC 2047) decoded, also wrong ones; no control characters."""
    text = str(value)
    if "=?" in text:
        try:
            text = str(email.header.make_header(email.header.decode_header(text)))
        except (ValueError, LookupError, UnicodeError, email.errors.MessageError):
            pass
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"\s+", " ", text).strip()[:MOST_HEADER]


def addresses(message, name):
    values = [decoded(value) for value in message.get_all(name, [])]
    return ", ".join("%s <%s>" % (person, address) if person else address
                     for person, address in email.utils.getaddresses(values) if person or address) or None


def date(message):
    """ISO 8601; None when there is none that can be understood."""
    try:
        return email.utils.parsedate_to_datetime(decoded(message.get("Date", ""))).isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


class Text(html.parser.HTMLParser):
    """What of an HTML body is text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("script", "style", "head")
        if tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3"):
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if tag in ("script", "style", "head") and self.hidden:
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def text_of_html(source):
    parser = Text()
    parser.feed(source)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def text_of(part):
    data = part.get_payload(decode=True) or b""
    charset = part.get_content_charset("utf-8")
    try:
        text = data.decode(charset, "replace")
    except (LookupError, ValueError):       # no such character set
        text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")[:MOST_TEXT]


def parts_of(message):
    """Parts that are no containers, and messages as a whole; without recursion, whatever is nested."""
    waiting, count = [message], 0
    while waiting and count < MOST_PARTS:
        part = waiting.pop()
        count += 1
        if part.get_content_type() == "message/rfc822" and part is not message:
            yield part
        elif part.is_multipart():
            waiting.extend(reversed(part.get_payload()))
        else:
            yield part


def bytes_of(part):
    """Contents of an attachment."""
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        message = part.get_payload(0)
        try:
            return message.as_bytes(policy=email.policy.compat32)
        except (UnicodeError, LookupError):     # 8-bit text where only ASCII may be
            return message.as_string().encode("utf-8", "replace")
    return part.get_payload(decode=True) or b""


def name_of(part, number):
    name = part.get_filename()
    if name is None:
        if part.get_content_type() == "message/rfc822":
            return "message-%d.eml" % number
        return "part-%d.%s" % (number, re.sub(r"[^a-z0-9]", "", part.get_content_subtype().lower())[:10] or "bin")
    # A name, not a path: others have written worse into mail.
    return decoded(name).replace("\\", "/").split("/")[-1][:200].strip() or "part-%d" % number


def is_attachment(part):
    return (part.get_content_disposition() == "attachment" or part.get_filename() is not None or
            part.get_content_type() == "message/rfc822" or part.get_content_maintype() not in ("text", "multipart"))


def read_parts(message):
    """(plain text, text of HTML, number of attachments, defects)"""
    plain, formatted, attachments, defects = [], [], 0, 0
    for part in parts_of(message):
        defects += len(part.defects)
        if is_attachment(part):
            attachments += 1
            data, name = bytes_of(part), name_of(part, attachments)
            wadup.insert_row("attachments", [name, part.get_content_type(), len(data)])
            if data:
                wadup.emit_bytes(data, name)
        elif part.get_content_subtype() == "html":
            formatted.append(text_of_html(text_of(part)))
        else:
            plain.append(text_of(part))
    return "\n".join(plain)[:MOST_TEXT], "\n".join(formatted)[:MOST_TEXT], attachments, defects


def main():
    wadup.define_table("emails", [
        ("message_id", "String"), ("subject", "String"), ("sender", "String"), ("recipients", "String"), ("date", "String"),
        ("body", "String"), ("body_is_html", "Boolean"), ("attachments", "Int64"), ("defects", "Int64")])
    wadup.define_table("email_headers", [("position", "Int64"), ("name", "String"), ("value", "String")])
    wadup.define_table("attachments", [("filename", "String"), ("content_type", "String"), ("size", "Int64")])
    with open("/data.bin", "rb") as f:
        data = f.read(1 << 16)
        if not is_message(data):
            return
        data += f.read(MOST_MESSAGE)
    # compat32: the newer policies raise exceptions for headers that are far from the standard.
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    for position, (name, value) in enumerate(message.items()[:MOST_HEADERS]):
        wadup.insert_row("email_headers", [position, decoded(name), decoded(value)])
    plain, formatted, attachments, defects = read_parts(message)
    wadup.insert_row("emails", [
        decoded(message.get("Message-ID", "")) or None, decoded(message.get("Subject", "")), addresses(message, "From"),
        ", ".join(filter(None, (addresses(message, name) for name in ("To", "Cc", "Bcc")))) or None, date(message),
        (plain if plain.strip() else formatted).strip("\n"), not plain.strip() and bool(formatted), attachments, defects])


if __name__ == "__main__":
    main()
