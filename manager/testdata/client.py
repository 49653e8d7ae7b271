"""A client of a manager in nothing but Python's standard library, from docs/protocol.md alone.

usage: client.py ADDRESS KEY    (KEY in hex; the family is unix)
"""
import hmac
import secrets
import struct
import sys
from multiprocessing.connection import Client

HELLO, WELCOME, REQUEST, REPLY, FAILURE, CANCEL, ACK, GOODBYE, PING, PONG = range(1, 11)
CREATE, RELEASE = 0x0000, 0x0003
DICT, QUEUE, MUTEX = 4, 7, 9
DICT_LEN, DICT_GET, DICT_SET, DICT_ADD = 0x0400, 0x0401, 0x0402, 0x040C
MUTEX_LOCK, MUTEX_UNLOCK = 0x0900, 0x0901
QUEUE_PUT, QUEUE_GET, QUEUE_ACK = 0x0700, 0x0702, 0x0704
NOT_FOUND, CANCELLED, TIMED_OUT, WOULD_WAIT, EMPTY = 11, 13, 14, 15, 20


def uint(n):
    return struct.pack("<Q", n)


def data(b):
    return struct.pack("<I", len(b)) + b


def text_key(s):
    return b"\x06" + s.encode()


def int_item(n):
    return b"\x01" + struct.pack("<q", n)


def text_item(s):
    return b"\x05" + s.encode()


def take(fmt, b):
    n = struct.calcsize("<" + fmt)
    return struct.unpack("<" + fmt, b[:n]), b[n:]


def take_data(b):
    (n,), b = take("I", b)
    return b[:n], b[n:]


class Fault(Exception):
    def __init__(self, body):
        (self.code,), body = take("Q", body)
        text, body = take_data(body)
        self.data, body = take_data(body)
        super().__init__(text.decode())


def authenticate(conn, key):
    """Both ends show that they have the key; Client(…, authkey=key) does it from Python 3.12 on."""

    def mac(challenge):
        return b"{sha256}" + hmac.digest(key, challenge, "sha256")

    conn.send_bytes(mac(conn.recv_bytes(256).removeprefix(b"#CHALLENGE#")))
    assert conn.recv_bytes(256) == b"#WELCOME#"
    ours = b"{sha256}" + secrets.token_bytes(40)
    conn.send_bytes(b"#CHALLENGE#" + ours)
    good = hmac.compare_digest(conn.recv_bytes(256), mac(ours))
    conn.send_bytes(b"#WELCOME#" if good else b"#FAILURE#")
    assert good


class Manager:
    def __init__(self, address, key):
        self.conn = Client(address, "AF_UNIX")
        authenticate(self.conn, key)
        self.session = secrets.randbits(63) | 1
        self.call, self.answers, self.done = 0, {}, 0
        limits = uint(1 << 20) + uint(64) + uint(1000) + uint(1 << 20)
        self.send(self.frame(HELLO, body=limits + uint(0) + data(b"") + b"\x00"))
        kind, _, _, body = next(self.cut(self.conn.recv_bytes()))
        if kind != WELCOME:
            raise Fault(body)
        (self.frame_limit, *_), body = take("QQQQQ", body)

    def frame(self, kind, method=0, call=0, object=0, deadline=0, body=b""):
        return struct.pack("<IBBHQQQq", 36 + len(body), 1, kind, method, self.session, call, object, deadline) + body

    @staticmethod
    def cut(batch):
        while batch:
            n, version, kind, _, session, call, object, _ = struct.unpack_from("<IBBHQQQq", batch)
            assert version == 1 and n >= 36
            yield kind, session, call, batch[40 : n + 4]
            batch = batch[n + 4 :]

    def send(self, *frames):
        self.conn.send_bytes(b"".join(frames))

    def start(self, method, object=0, body=b"", deadline=0):
        self.call += 1
        return self.call, self.frame(REQUEST, method, self.call, object, deadline, body)

    def answer(self, call):
        while call not in self.answers:
            for kind, session, id, body in self.cut(self.conn.recv_bytes()):
                if kind == PING:
                    self.send(self.frame(PONG, call=id))
                elif kind in (REPLY, FAILURE):
                    if id == 0:
                        raise Fault(body)
                    self.answers[id] = kind, body
        kind, body = self.answers.pop(call)
        if kind == FAILURE:
            raise Fault(body)
        return body

    def do(self, *args, **kw):
        call, frame = self.start(*args, **kw)
        self.send(frame)
        return self.answer(call)

    def create(self, kind, name="", args=b""):
        return take("Q", self.do(CREATE, body=bytes([kind]) + data(name.encode()) + args))[0][0]


def code(f, *args, **kw):
    try:
        f(*args, **kw)
    except Fault as e:
        return e.code
    return 0


def main(address, key):
    m = Manager(address, key)

    d = m.create(DICT, "d", uint(0))
    m.do(DICT_SET, d, data(text_key("a")) + int_item(40))
    assert m.do(DICT_GET, d, text_key("a")) == int_item(40)
    assert m.do(DICT_ADD, d, data(text_key("a")) + int_item(2)) == int_item(42)
    assert code(m.do, DICT_GET, d, text_key("b")) == NOT_FOUND

    # A batch of two, and the first again, as after a lost answer: it is not done twice.
    one, frame1 = m.start(DICT_ADD, d, data(text_key("n")) + int_item(1))
    two, frame2 = m.start(DICT_LEN, d)
    m.send(frame1, frame2)
    assert m.answer(one) == int_item(1) and m.answer(two) == uint(2)
    m.send(frame1)
    assert m.answer(one) == int_item(1)
    m.send(m.frame(ACK, call=two))

    lock = m.create(MUTEX)
    assert m.do(MUTEX_LOCK, lock) == b"\x00"
    assert code(m.do, MUTEX_LOCK, lock, deadline=-1) == WOULD_WAIT
    assert code(m.do, MUTEX_LOCK, lock, deadline=1_000_000) == TIMED_OUT
    waits, frame = m.start(MUTEX_LOCK, lock)
    m.send(frame)
    m.send(m.frame(CANCEL, call=waits))
    assert code(m.answer, waits) == CANCELLED
    m.do(MUTEX_UNLOCK, lock)

    q = m.create(QUEUE, args=uint(0) + uint(1 << 20))
    assert code(m.do, QUEUE_GET, q, deadline=-1) == EMPTY
    waits, frame = m.start(QUEUE_GET, q)
    m.send(frame)
    m.do(QUEUE_PUT, q, text_item("message"))
    (lease, deliveries), item = take("QQ", m.answer(waits))
    assert item == text_item("message") and deliveries == 0
    m.do(QUEUE_ACK, q, uint(lease) + uint(1) + b"\x00")

    m.send(m.frame(REQUEST, RELEASE, body=uint(lock) + uint(q)))
    m.send(m.frame(GOODBYE))
    print("all is well")


main(sys.argv[1], bytes.fromhex(sys.argv[2]))
