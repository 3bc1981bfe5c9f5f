# SPDX-License-Identifier: MIT
"""A web server on the loopback interface that can resume downloads, for tests.

usage: range_server.py FOLDER LOG

Prints its port, then serves FOLDER until it is killed, 60 seconds at most. Each request is
a line "PATH RANGE" of the file LOG, RANGE being "-" without a Range header. The first part
of a path chooses a fault: /drop/NAME sends half of a file and breaks off unless a range is
asked for, /norange/NAME ignores ranges.
"""
import http.server
import os
import re
import sys
import threading

SECONDS = 60


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        with open(sys.argv[2], "a", encoding="ascii") as log:
            log.write(f"{self.path} {asked or '-'}\n")
        fault, name = re.fullmatch(r"/(?:(drop|norange)/)?([\w.-]+)", self.path).groups()
        try:
            with open(os.path.join(sys.argv[1], name), "rb") as file:
                body = file.read()
        except OSError:
            self.send_error(404)
            return
        found = re.fullmatch(r"bytes=(\d+)-", asked or "")
        if found and fault != "norange":
            self.send_rest(body, int(found.group(1)))
        else:
            self.send_whole(body, len(body) // 2 if fault == "drop" else len(body))

    def send_whole(self, body, n_sent):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:n_sent])

    def send_rest(self, body, first):
        if first >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        self.wfile.write(body[first:])

    def log_message(self, *args):
        pass


def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    timer = threading.Timer(SECONDS, os._exit, [1])
    timer.daemon = True
    timer.start()
    print(server.server_port, flush=True)
    server.serve_forever()


main()
