# SPDX-License-Identifier: Apache-2.0
"""A web server for tests of the fetcher: server.py DIR PORTFILE LOG

Serves the files of DIR on the loopback interface and writes its port to PORTFILE. The first
folder of a path says how:
  /ok/FILE       whole files, and ranges
  /noranges/FILE whole files only
  /cut/FILE      the first half, then the connection ends; ranges in full
  /cutall/FILE   the same for ranges
  /slow/FILE     in small pieces, which takes a second
  /half/FILE     the first half, and nothing more until the client is gone
Everything else is 404. LOG gets one line per request: METHOD PATH RANGE.
"""
import http.server
import os
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        span = self.headers.get("Range", "-")
        with open(sys.argv[3], "a", encoding="utf-8") as log:
            log.write("GET %s %s\n" % (self.path, span))
        parts = self.path.lstrip("/").split("/")
        path = os.path.join(sys.argv[1], parts[-1])
        how = parts[0]
        if how not in ("ok", "noranges", "cut", "cutall", "slow", "half") or not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as f:
            data = f.read()
        start = 0
        if span.startswith("bytes=") and how != "noranges":
            start = int(span[6:].split("-")[0])
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        else:
            self.send_response(200)
        data = data[start:]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if how == "cutall" or (how == "cut" and start == 0):
            data = data[:len(data) // 2]
        if how == "half" and start == 0:
            self.wfile.write(data[:len(data) // 2])
            self.wfile.flush()
            self.connection.recv(1)
            return
        pieces = 20 if how == "slow" else 1
        size = max(1, (len(data) + pieces - 1) // pieces)
        try:
            for at in range(0, len(data), size):
                self.wfile.write(data[at:at + size])
                self.wfile.flush()
                if pieces > 1:
                    time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client was killed: that is a test

    def log_message(self, *args):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(sys.argv[2] + ".new", "w", encoding="utf-8") as f:
        f.write(str(server.server_address[1]))
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    server.serve_forever()


main()
