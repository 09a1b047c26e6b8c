"""A server that answers what a test wants to see: prints its port, then serves until its standard input ends."""
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", content_type="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def echo(self, url):
        length = int(self.headers.get("Content-Length") or 0)
        told = {
            "method": self.command,
            "path": url.path,
            "query": parse_qs(url.query, keep_blank_values=True),
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": self.rfile.read(length).decode("utf-8", "replace"),
        }
        self.reply(200, json.dumps(told).encode())

    def answer(self):
        url = urlsplit(self.path)
        word, _, rest = url.path[1:].partition("/")
        if word == "echo":
            self.echo(url)
        elif word == "expect":  # expect/METHOD?BODY: 204 for a request of that kind, else 417
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.reply(204 if self.command == rest and body == unquote(url.query).encode() else 417, b"", None)
        elif word == "json":
            self.reply(200, b'{"n": 9007199254740993, "items": [1.5, null]}', "application/json; charset=utf-8")
        elif word == "problem":
            self.reply(400, b'{"title": "no"}', "application/problem+json")
        elif word == "badjson":
            self.reply(200, b'{"a": 1, "a": 2}')
        elif word == "text":
            self.reply(200, "h\u00e9llo".encode(), "text/plain; charset=utf-8")
        elif word == "binary":
            self.reply(200, b"\x00\xff\x01", "application/octet-stream")
        elif word == "status":
            self.reply(int(rest), b'{"reason": "because"}')
        elif word == "empty":
            self.reply(204, b"", None)
        elif word == "headers":
            self.reply(200, b"", None, [("X-Twice", "a"), ("X-Twice", "b"), ("Set-Cookie", "a=1, b"), ("Set-Cookie", "c=2")])
        elif word == "redirect":
            self.reply(302, b"", None, [("Location", "/" + rest)])
        elif word == "loop":
            self.reply(302, b"", None, [("Location", "/loop")])
        elif word == "away":
            self.reply(302, b"", None, [("Location", "file:///etc/passwd")])
        elif word == "large":
            self.reply(200, b"x" * int(rest), "text/plain")
        elif word == "slow":
            time.sleep(float(rest))
            self.reply(200, b"{}")
        else:
            self.reply(404, b"nothing here", "text/plain")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
