"""Runs Autobahn|Testsuite's cases against a WebSocket echo server, from Python 3.

What is sent, what is expected and every verdict are the suite's own case classes, read from its
package as they are. Its fuzzing client needs Python 2, so its place is taken by the small one here:
a socket, frames as broken as a case wants them, and a strict reader of what the server sends.

    client.py FOLDER-OF-CASES HOST:PORT

Python 2's strings are bytes: sources are read so that every byte of a literal stays one character,
and characters become bytes again at the socket.
"""

import asyncio
import binascii
import importlib.abc
import importlib.util
import json
import os
import pathlib
import random
import re
import struct
import sys
import types

ALLOWED = {"OK", "NON-STRICT", "INFORMATIONAL"}
# Cases wait for seconds each; those that are measured by time (9.*) go a few at a time.
AT_ONCE, MEASURED_AT_ONCE = 24, 2
# The server has as long to close the connection after the closing handshake, and to answer a close.
DROP_S = CLOSE_S = 1.0
CASE_S = 120.0
CODES_ALLOWED = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011}


class WebSocketProtocol:
    """What cases know of a connection's state and of close codes."""

    STATE_CLOSED, STATE_CONNECTING, STATE_CLOSING, STATE_OPEN = 0, 1, 2, 3
    MESSAGE_TYPE_TEXT, MESSAGE_TYPE_BINARY = 1, 2
    CLOSE_STATUS_CODE_NORMAL = 1000
    CLOSE_STATUS_CODE_GOING_AWAY = 1001
    CLOSE_STATUS_CODE_PROTOCOL_ERROR = 1002
    CLOSE_STATUS_CODE_INVALID_PAYLOAD = 1007


class Utf8Validator:
    """Only ever asked for whole strings."""

    def reset(self):
        pass

    def validate(self, text):
        try:
            text.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return (False, False, 0, 0)
        return (True, True, len(text), len(text))


# -- the suite's cases -----------------------------------------------------------------------------


def bytes_of(text):
    """A string of the cases; only those that Python 2 knew as text have other characters."""
    return text.encode("latin-1")


class Binascii(types.ModuleType):
    @staticmethod
    def b2a_hex(text):
        return binascii.b2a_hex(bytes_of(text)).decode("ascii")


def plain_type(name, bases, body):
    """Python 3's classes are objects anyway, and it does not want to be told so first."""
    return type(name, tuple(base for base in bases if base is not object), body)


class Python2(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules of one folder, which were written for Python 2."""

    def __init__(self, folder):
        self.folder = folder

    def find_spec(self, name, path=None, target=None):
        if (self.folder / f"{name}.py").is_file():
            return importlib.util.spec_from_loader(name, self)
        return None

    def exec_module(self, module):
        source = (self.folder / f"{module.__name__}.py").read_text(encoding="latin-1")
        source = re.sub(r"^(\s*)print\b.*$", r"\1pass", source, flags=re.MULTILINE)
        source = source.replace("len(self.payload) / ", "len(self.payload) // ")
        module.__dict__.update(xrange=range, type=plain_type)
        exec(compile(source, module.__name__, "exec", dont_inherit=True), module.__dict__)


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made


def cases_in(folder):
    """Every case class, in the suite's order. Those of compression (12, 13) would only find that the
    server offers none, which every handshake here insists on."""
    for name in ("autobahn", "autobahn.websocket"):
        module(name)
    module("autobahn.websocket.protocol", WebSocketProtocol=WebSocketProtocol)
    module("autobahn.websocket.utf8validator", Utf8Validator=Utf8Validator)
    module("case9_9_1")
    nothing = {"Case12_X_X": [], "Case12_X_X_CaseSubCategories": {}}
    nothing |= {"Case13_X_X": [], "Case13_X_X_CaseSubCategories": {}}
    module("case12_x_x", **nothing)
    sys.modules["binascii"] = Binascii("binascii")
    sys.meta_path.insert(0, Python2(folder))
    import case  # the suite's base class

    # It compares pickles, which differ for equal things where Python shares their parts.
    case.Case.compare = lambda self, one, other: one == other
    listed = {}
    source = (folder / "__init__.py").read_text(encoding="latin-1")
    exec(compile(source, "cases", "exec"), listed)
    sys.modules["binascii"] = binascii
    return listed["Cases"]


# -- one connection --------------------------------------------------------------------------------


def masked(data, mask):
    if not data:
        return data
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    whole = int.from_bytes(data, "big") ^ int.from_bytes(key, "big")
    return whole.to_bytes(len(data), "big")


class Violation(Exception):
    """The server sent what no WebSocket server may send."""


class Connection(WebSocketProtocol):
    """What cases call `p`: sends what they want, tells them what came."""

    def __init__(self, case_class):
        self.factory = types.SimpleNamespace(isServer=False)
        self.state = self.STATE_CONNECTING
        self.connectionWasOpen = self.wasClean = False
        self.closedByMe = self.failedByMe = self.droppedByMe = False
        self.localCloseCode = self.localCloseReason = self.remoteCloseCode = None
        self.trafficStats = None
        self.createWirelog = True
        self.autoFragmentSize = 0
        self.txFrameStats = {}
        self.violation = None
        self.timers = []
        self.outgoing = asyncio.Queue()
        self.case = case_class(self)

    # what cases ask for

    def enableWirelog(self, enable):
        self.createWirelog = enable

    def sendFrame(self, opcode, payload="", fin=True, rsv=0, mask=None, payload_len=None,
                  chopsize=None, sync=False):
        data = bytes_of(payload)
        if payload_len is not None:
            data = (data * (payload_len // len(data) + 1))[:payload_len]
        self.txFrameStats[opcode] = self.txFrameStats.get(opcode, 0) + 1
        mask = random.randbytes(4)
        head = self.head(opcode, len(data), fin, rsv)
        self.send(head + mask + masked(data, mask), chopsize, sync)

    @staticmethod
    def head(opcode, length, fin=True, rsv=0):
        first = bool(fin) << 7 | rsv % 8 << 4 | opcode % 128
        if length <= 125:
            return struct.pack("!BB", first, 0x80 | length)
        if length <= 0xFFFF:
            return struct.pack("!BBH", first, 0x80 | 126, length)
        return struct.pack("!BBQ", first, 0x80 | 127, length)

    def send(self, data, chopsize=None, sync=False):
        size = chopsize or len(data)
        for start in range(0, len(data), size):
            self.outgoing.put_nowait((data[start:start + size], bool(chopsize) or sync))

    def sendMessage(self, payload, isBinary=False, fragmentSize=None, sync=False):
        if self.state != self.STATE_OPEN:
            return
        opcode = 2 if isBinary else 1
        size = fragmentSize or self.autoFragmentSize or max(len(payload), 1)
        for start in range(0, max(len(payload), 1), size):
            part = payload[start:start + size]
            self.sendFrame(opcode, part, fin=start + size >= len(payload), sync=sync)
            opcode = 0

    def beginMessage(self, opcode=1):
        self.opcode = opcode

    def beginMessageFrame(self, length):
        # Masked with zeros, so that the parts may come when they come.
        self.send(self.head(self.opcode, length, fin=False) + bytes(4))
        self.opcode = 0

    def sendMessageFrameData(self, payload, sync=False):
        self.send(bytes_of(payload), sync=sync)

    def endMessage(self):
        self.sendFrame(0, fin=True)

    def sendClose(self, code=None, reason=None):
        text = None if reason is None else reason.encode("utf-8").decode("latin-1")
        self.sendCloseFrame(code, text)

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        if self.state != self.STATE_OPEN:
            return
        payload = "" if code is None else struct.pack("!H", code).decode("latin-1")
        self.sendFrame(8, payload + (reasonUtf8 or ""))
        self.state = self.STATE_CLOSING
        self.closedByMe = not isReply
        self.localCloseCode, self.localCloseReason = code, reasonUtf8
        if self.closedByMe:
            self.later(CLOSE_S, self.unanswered)

    def continueLater(self, delay, function, tag=None):
        self.later(delay, function)

    def killAfter(self, delay):
        self.later(delay, self.fail)

    def closeAfter(self, delay):
        self.later(delay, self.sendClose)

    def later(self, delay, function):
        def run():
            if self.state != self.STATE_CLOSED:
                function()
        self.timers.append(asyncio.get_running_loop().call_later(delay, run))

    # how it ends

    def fail(self):
        self.failedByMe = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(self.CLOSE_STATUS_CODE_GOING_AWAY, "Going Away")
        else:
            self.drop()

    def unanswered(self):
        if not self.wasClean:
            self.drop()

    def not_dropped(self):
        self.wasClean = False
        self.drop()

    def drop(self):
        self.droppedByMe = True
        self.state = self.STATE_CLOSED
        self.writer.transport.abort()

    def violated(self, what):
        self.violation = what
        self.drop()

    # what comes

    async def run(self, host, port):
        reader, self.writer = await asyncio.open_connection(host, port, limit=1 << 20)
        writing = asyncio.create_task(self.write())
        try:
            await self.handshake(reader, host, port)
            self.state = self.STATE_OPEN
            self.connectionWasOpen = True
            self.case.onOpen()
            await self.read(reader)
        except Violation as violation:
            self.violation = str(violation)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # how connections end
        finally:
            self.state = self.STATE_CLOSED
            writing.cancel()
            for timer in self.timers:
                timer.cancel()
            self.writer.transport.abort()
            self.case.onConnectionLost(self.failedByMe)

    async def write(self):
        try:
            while True:
                data, alone = await self.outgoing.get()
                self.writer.write(data)
                if alone:
                    await asyncio.sleep(0)
                await self.writer.drain()
        except ConnectionError:
            pass  # the reader sees it as well

    async def handshake(self, reader, host, port):
        key = binascii.b2a_base64(random.randbytes(16), newline=False).decode("ascii")
        self.writer.write(
            f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n".encode()
        )
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if not answer.startswith("http/1.1 101 "):
            raise Violation(f"the handshake was answered with {answer.splitlines()[0]}")
        if "sec-websocket-extensions" in answer:
            raise Violation("compression was accepted")

    async def read(self, reader):
        message, kind = [], None
        while True:
            opcode, fin, payload = await self.frame(reader)
            if self.state == self.STATE_CLOSED:
                return
            if opcode == 8:
                return await self.closed(reader, payload)
            if opcode == 9:
                self.case.onPing(payload.decode("latin-1"))
                self.sendFrame(10, payload.decode("latin-1"))
            elif opcode == 10:
                self.case.onPong(payload.decode("latin-1"))
            else:
                if (opcode == 0) == (kind is None):
                    raise Violation("fragments out of order")
                kind = kind or opcode
                message.append(payload)
                if fin:
                    self.received(kind, b"".join(message))
                    message, kind = [], None

    async def frame(self, reader):
        first, second = await reader.readexactly(2)
        opcode, fin, length = first & 0x0F, bool(first & 0x80), second & 0x7F
        if first & 0x70 or second & 0x80 or opcode not in (0, 1, 2, 8, 9, 10):
            raise Violation(f"a frame that begins with {first:02x} {second:02x}")
        if opcode >= 8 and (length > 125 or not fin):
            raise Violation("a control frame that is long or fragmented")
        if length == 126:
            length = struct.unpack("!H", await reader.readexactly(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", await reader.readexactly(8))[0]
        return opcode, fin, await reader.readexactly(length)

    def received(self, kind, payload):
        if self.state != self.STATE_OPEN:
            return
        if kind == 1:
            try:
                payload.decode("utf-8")
            except UnicodeDecodeError:
                raise Violation("a text that is not UTF-8") from None
        self.case.onMessage(payload.decode("latin-1"), kind == 2)

    async def closed(self, reader, payload):
        """The closing handshake, after which the server is the one to end the connection."""
        code = reason = None
        if payload:
            if len(payload) == 1:
                raise Violation("a close code of one byte")
            code, reason = struct.unpack("!H", payload[:2])[0], payload[2:]
            if code not in CODES_ALLOWED and not 3000 <= code <= 4999:
                raise Violation(f"a close code {code}")
            try:
                reason.decode("utf-8")
            except UnicodeDecodeError:
                raise Violation("a reason that is not UTF-8") from None
        self.remoteCloseCode = code
        self.wasClean = True
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(self.CLOSE_STATUS_CODE_NORMAL, isReply=True)
        self.later(DROP_S, self.not_dropped)
        if await reader.read(1):
            raise Violation("something after its close")


# -- all of them -----------------------------------------------------------------------------------


def number(case_class):
    return case_class.__name__.removeprefix("Case").replace("_", ".")


async def verdict(case_class, host, port, turns):
    async with turns["9" if number(case_class).startswith("9.") else ""]:
        connection = Connection(case_class)
        try:
            await asyncio.wait_for(connection.run(host, port), CASE_S)
        except asyncio.TimeoutError:
            return "FAILED", "FAILED", f"it did not end in {CASE_S} s"
        except OSError as error:
            return "FAILED", "FAILED", f"there is no server: {error}"
    case = connection.case
    if connection.violation:
        return "FAILED", case.behaviorClose, connection.violation
    return case.behavior, case.behaviorClose, f"{case.result} {case.resultClose}"


async def main():
    folder, address = pathlib.Path(sys.argv[1]), sys.argv[2]
    host, port = address.rsplit(":", 1)
    cases = cases_in(folder)
    wanted = os.environ.get("AUTOBAHN_CASES", "").split()
    if wanted:
        cases = [case for case in cases if any(number(case).startswith(one) for one in wanted)]
    turns = {"": asyncio.Semaphore(AT_ONCE), "9": asyncio.Semaphore(MEASURED_AT_ONCE)}
    found = await asyncio.gather(*(verdict(case, host, int(port), turns) for case in cases))
    totals, failed = {}, 0
    for case_class, (behavior, close, said) in zip(cases, found):
        totals[behavior] = totals.get(behavior, 0) + 1
        if behavior not in ALLOWED or close not in ALLOWED:
            failed += 1
            print(f"{number(case_class)}: {behavior}, close {close}. {said}", file=sys.stderr)
    print(json.dumps({"cases": len(cases), "failed": failed, **totals}))
    sys.exit(1 if failed else 0)


asyncio.run(main())
