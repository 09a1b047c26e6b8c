"""The network between the parts: a process that forwards TCP connections, link by link, and lets them be cut.

Control is by lines on standard input, each answered by a line:
    open NAME PORT         a link to 127.0.0.1:PORT; answers the port that it listens on
    set NAME MODE [MS]     pass; slow: each piece waits MS; hold, hold-out, hold-in: nothing goes on, both ways or one;
                           cut: connections are reset, and new ones too
    reset NAME             resets the connections that there are
"""

import asyncio
import socket
import struct
import sys


class Link:
    def __init__(self, port):
        self.port, self.mode, self.delay = port, "pass", 0.0
        self.changed = asyncio.Condition()
        self.writers = set()

    def held(self, direction):
        return self.mode in ("hold", f"hold-{direction}")

    async def set(self, mode, ms):
        async with self.changed:
            self.mode, self.delay = mode, ms / 1000
            self.changed.notify_all()
        if mode == "cut":
            self.reset()

    def reset(self):
        for writer in list(self.writers):
            abort(writer)

    async def pump(self, reader, writer, direction):
        while data := await reader.read(1 << 16):
            if self.mode != "pass":
                if self.mode == "slow":
                    await asyncio.sleep(self.delay)
                async with self.changed:
                    await self.changed.wait_for(lambda: not self.held(direction))
            writer.write(data)
            await writer.drain()

    async def accept(self, reader, writer):
        if self.mode == "cut":
            abort(writer)
            return
        ends = [writer]
        self.writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
            ends.append(far_writer)
            self.writers.add(far_writer)
            pumps = [asyncio.ensure_future(self.pump(reader, far_writer, "out")),
                     asyncio.ensure_future(self.pump(far_reader, writer, "in"))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass
        finally:
            for end in ends:
                self.writers.discard(end)
                end.close()


def abort(writer):
    """RST instead of FIN, unless it is closed already."""
    try:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    writer.transport.abort()


async def obey(links, words):
    if words[0] == "open":
        link = links[words[1]] = Link(int(words[2]))
        server = await asyncio.start_server(link.accept, "127.0.0.1", 0)
        return str(server.sockets[0].getsockname()[1])
    if words[0] == "set":
        await links[words[1]].set(words[2], float(words[3]) if len(words) > 3 else 0)
    elif words[0] == "reset":
        links[words[1]].reset()
    return "ok"


async def main():
    links = {}
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(await obey(links, line.decode().split()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
