"""A client of NATS and JetStream, as small as the suite needs it; it knows nothing of noetl.

It goes to the server directly, not by way of the proxy, and comes back by itself when the server was away. A request
that got no answer raises Unanswered: nobody knows whether it arrived.
"""

import json
import os
import queue
import socket
import threading
import time


class Unanswered(Exception):
    pass


class Refused(Exception):
    """The server or a service answered with an error."""


class Message:
    def __init__(self, subject, reply, headers, payload):
        self.subject, self.reply, self.headers, self.payload = subject, reply, headers, payload


def header_block(headers):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"NATS/1.0\r\n{lines}\r\n".encode()


class Client:
    def __init__(self, port, name):
        self.port, self.name = port, name
        self.lock = threading.Lock()  # of the socket's writing side, and of what follows
        self.socket = None
        self.subscriptions = {}  # sid -> (subject, callback)
        self.next_sid = 2
        self.inbox = f"_INBOX.{os.urandom(8).hex()}"
        self.waiting = {}  # token -> queue
        self.next_token = 0
        self.closing = False
        self.connected = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    # ---- the connection ----

    def _run(self):
        while not self.closing:
            try:
                self._serve()
            except (OSError, ValueError, IndexError, Unanswered):  # the last when the server goes before it has its PONG
                pass
            self.connected.clear()
            time.sleep(0.1)

    def _serve(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=2)
        s.settimeout(None)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = s.makefile("rb", 1 << 20)
        stream.readline()  # INFO
        options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "name": self.name,
                   "lang": "python", "version": "1"}
        with self.lock:
            lines = [f"CONNECT {json.dumps(options)}", f"SUB {self.inbox}.* 1"]
            lines += [f"SUB {subject} {sid}" for sid, (subject, _) in self.subscriptions.items()]
            s.sendall(("\r\n".join(lines) + "\r\nPING\r\n").encode())
            self.socket = s
        try:
            while line := stream.readline():
                self._take(line, stream)
        finally:
            with self.lock:
                self.socket = None
            s.close()

    def _take(self, line, stream):
        words = line.split()
        if not words:
            return
        if words[0] == b"PING":
            self._send(b"PONG\r\n")
        elif words[0] == b"PONG":
            self.connected.set()
        elif words[0] in (b"MSG", b"HMSG"):
            self._deliver(words, stream)

    def _deliver(self, words, stream):
        with_headers = words[0] == b"HMSG"
        body = stream.read(int(words[-1]) + 2)[:-2]
        head = body[:int(words[-2])] if with_headers else b""
        reply = words[3].decode() if len(words) == (6 if with_headers else 5) else None
        message = Message(words[1].decode("utf-8", "replace"), reply, head.decode("utf-8", "replace"), body[len(head):])
        sid = int(words[2])
        if sid == 1:
            waiter = self.waiting.get(message.subject.rpartition(".")[2])
            if waiter:
                waiter.put(message)
        elif sid in self.subscriptions:
            self.subscriptions[sid][1](message)

    def _send(self, data):
        with self.lock:
            if not self.socket:
                raise Unanswered("not connected")
            try:
                self.socket.sendall(data)
            except OSError as e:
                raise Unanswered(str(e)) from e

    def close(self):
        self.closing = True
        with self.lock:
            if self.socket:
                self.socket.shutdown(socket.SHUT_RDWR)

    # ---- core NATS ----

    def publish(self, subject, payload, headers=None, reply=""):
        head = header_block(headers) if headers else b""
        sizes = f"{len(head)} {len(head) + len(payload)}" if headers else f"{len(payload)}"
        verb = "HPUB" if headers else "PUB"
        self._send(f"{verb} {subject} {reply} {sizes}\r\n".encode() + head + payload + b"\r\n")

    def subscribe(self, subject, callback):
        with self.lock:
            sid = self.next_sid
            self.next_sid += 1
            self.subscriptions[sid] = (subject, callback)
            if self.socket:
                self.socket.sendall(f"SUB {subject} {sid}\r\n".encode())
        return sid

    def request(self, subject, payload=b"", headers=None, timeout=5):
        with self.lock:
            self.next_token += 1
            token = str(self.next_token)
        answers = self.waiting[token] = queue.SimpleQueue()
        try:
            self.publish(subject, payload, headers, f"{self.inbox}.{token}")
            answer = answers.get(timeout=timeout)
        except queue.Empty:
            raise Unanswered(f"no answer on {subject} within {timeout} s") from None
        finally:
            del self.waiting[token]
        if answer.headers.startswith("NATS/1.0 503"):
            raise Unanswered(f"nobody listens on {subject}")
        return answer

    # ---- JetStream ----

    def api(self, operation, request=None, timeout=5):
        answer = json.loads(self.request(f"$JS.API.{operation}", json.dumps(request or {}).encode(),
                                         timeout=timeout).payload)
        if "error" in answer:
            raise Refused(f"{operation}: {answer['error']}")
        return answer

    def store(self, subject, payload, message_id=None, timeout=5):
        """Publishes to a stream, once; gives its acknowledgement."""
        headers = {"Nats-Msg-Id": message_id} if message_id else None
        answer = json.loads(self.request(subject, payload, headers, timeout).payload)
        if "error" in answer:
            raise Refused(f"{subject}: {answer['error']}")
        return answer

    def read_stream(self, stream, subject=">"):
        """All messages of a stream as (sequence, time in ns, subject, payload), in order."""
        consumer = self.api(f"CONSUMER.CREATE.{stream}", {
            "stream_name": stream,
            "config": {"ack_policy": "none", "deliver_policy": "all", "replay_policy": "instant",
                       "filter_subject": subject, "mem_storage": True, "inactive_threshold": 60 * 10**9}})
        name = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer['name']}"
        left = consumer["num_pending"]
        # Pulled messages come with their own subject, so they need a subscription of their own.
        answers, inbox = queue.SimpleQueue(), f"_PULL.{os.urandom(8).hex()}"
        self.subscribe(inbox, answers.put)
        while left > 0:
            batch = min(left, 500)
            self.publish(name, json.dumps({"batch": batch, "expires": 20 * 10**9}).encode(), reply=inbox)
            for _ in range(batch):
                message = answers.get(timeout=30)
                if not message.reply:
                    raise Refused(f"{stream}: {message.headers}")
                # $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>
                tokens = message.reply.split(".")
                left = int(tokens[-1])
                yield int(tokens[-4]), int(tokens[-2]), message.subject, message.payload
