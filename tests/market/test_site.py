"""The sans-IO server: requests, ranges and faults, in memory and over real sockets."""

import socket
import struct
from collections.abc import Iterator

import pytest

from host_tools.market.site import FAULTS, Action, Reply, Request, Site, route, serve, static

EPOCH = 784_111_777  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110
FILE = bytes(range(256)) * 4
TIMEOUT = 5.0


def clock() -> int:
    return EPOCH


def site(fault: str | None = None, body: bytes = FILE) -> Site:
    return Site(lambda request: Reply(body=body, fault=fault), clock, slow_wait=0.0001)


def sent(actions: list[Action]) -> bytes:
    return b"".join(action[1] for action in actions if action[0] == "data")


def ask(site: Site, request: bytes) -> tuple[int, dict[str, str], bytes]:
    actions = site.connect().received(request)
    assert actions[-1] == ("close",)
    return split(sent(actions))


def split(message: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split(" ")[1]), headers, body


def get(path: str = "/", *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def test_a_reply_is_dated_measured_and_closes() -> None:
    status, headers, body = ask(site(), get())
    assert (status, body) == (200, FILE)
    assert headers["date"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert headers["content-length"] == "1024"
    assert headers["connection"] == "close"


def test_a_request_arrives_in_any_pieces() -> None:
    seen: list[Request] = []

    def handler(request: Request) -> Reply:
        seen.append(request)
        return Reply(204)

    peer = Site(handler, clock).connect()
    message = get("/a%20b?symbols=.SPX|.DJI&x=", "X-Key:  v ", "Content-Length: 3", method="POST")
    for byte in message + b"ab":
        assert peer.received(bytes([byte])) == []
    assert peer.received(b"c")[-1] == ("close",)
    assert seen == [Request("POST", "/a b", {"symbols": ".SPX|.DJI", "x": ""},
                            {"host": "x", "x-key": "v", "content-length": "3"}, b"abc")]
    assert peer.received(get()) == []  # one request per connection
    assert len(seen) == 1


def test_head_has_the_length_and_no_body() -> None:
    status, headers, body = ask(site(), get(method="HEAD"))
    assert (status, headers["content-length"], body) == (200, "1024", b"")


@pytest.mark.parametrize(("wanted", "start", "stop"), [
    ("bytes=0-0", 0, 1),
    ("bytes=10-19", 10, 20),
    ("bytes=1000-9999", 1000, 1024),
    ("bytes=1023-", 1023, 1024),
    ("bytes=-5", 1019, 1024),
    ("bytes=-5000", 0, 1024),
])
def test_range(wanted: str, start: int, stop: int) -> None:
    part = FILE[start:stop]
    status, headers, body = ask(site(), get("/", f"Range: {wanted}"))
    assert (status, body) == (206, part)
    assert headers["content-range"] == f"bytes {start}-{stop - 1}/1024"
    assert headers["content-length"] == str(len(part))


@pytest.mark.parametrize("wanted", ["bytes=9-3", "bytes=-", "bytes=0-1,4-5", "lines=1-2", "x"])
def test_an_unclear_range_is_ignored(wanted: str) -> None:
    status, headers, body = ask(site(), get("/", f"Range: {wanted}"))
    assert (status, body) == (200, FILE)
    assert "content-range" not in headers


@pytest.mark.parametrize("wanted", ["bytes=1024-1030", "bytes=-0"])
def test_a_range_beyond_the_end(wanted: str) -> None:
    status, headers, body = ask(site(), get("/", f"Range: {wanted}"))
    assert (status, headers["content-range"], body) == (416, "bytes */1024", b"")


def test_a_range_of_an_error_is_the_whole_error() -> None:
    status, _, body = ask(Site(static({}), clock), get("/x", "Range: bytes=0-0"))
    assert status == 404
    assert len(body) > 1


@pytest.mark.parametrize(("request_bytes", "status"), [
    (b"GET /\r\n\r\n", 400),
    (b"GET / HTTP/2\r\n\r\n", 400),
    (b"get / HTTP/1.1\r\n\r\n", 400),
    (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
    (get("/", "no colon"), 400),
    (get("/", "Content-Length: -1"), 400),
    (get("/", "Content-Length: 65537"), 413),
    (b"x" * 8193, 431),
    (get("/" + "a" * 8192), 431),
])
def test_bad_requests_are_refused(request_bytes: bytes, status: int) -> None:
    asked = site()
    assert ask(asked, request_bytes)[0] == status
    assert list(asked.log) == [(EPOCH, "", "", status)]


def test_a_head_of_exactly_8_kib_is_served() -> None:
    request = get("/", "X: ")
    request = request.replace(b"X: ", b"X: " + b"x" * (8192 - len(request)))
    assert len(request) == 8192
    assert ask(site(), request)[0] == 200


def test_the_log_says_what_was_sent_and_is_bounded() -> None:
    asked = Site(static({"a": b"1"}), clock)
    for path in ("/a?q=1", "/b"):
        ask(asked, get(path))
    assert list(asked.log) == [(EPOCH, "GET", "/a", 200), (EPOCH, "GET", "/b", 404)]
    hung = site("hang")
    for _ in range(10_002):
        hung.connect().received(b"GET / HTTP/1.1\r\n\r\n")
    assert len(hung.log) == 10_000
    assert hung.log[-1] == (EPOCH, "GET", "/", 0)


def test_static_and_route() -> None:
    files = {"a.bin": b"A"}
    table = {"/files/": static(files, "/files/"), "/files/deep/": static(str.encode, "/files/"),
             "/none/": static(lambda name: None)}
    asked = Site(route(table), clock)
    assert ask(asked, get("/files/a.bin"))[2] == b"A"
    files["b.bin"] = b"B"
    assert ask(asked, get("/files/b.bin"))[2] == b"B"
    assert ask(asked, get("/files/deep/x"))[2] == b"deep/x"
    for path in ("/files/c.bin", "/none/x", "/elsewhere"):
        status, _, body = ask(asked, get(path))
        assert (status, len(body) < 100) == (404, True)
    assert ask(asked, get("/files/a.bin", method="PUT"))[0] == 405


def test_a_slow_reply_waits_after_each_byte_up_to_a_limit() -> None:
    actions = site("slow", bytes(10_000)).connect().received(get())
    waits = [action for action in actions if action[0] == "wait"]
    assert waits == [("wait", 0.0001)] * 4096
    assert all(len(action[1]) == 1 for action in actions[:8192:2])
    assert split(sent(actions))[2] == bytes(10_000)


def test_an_unknown_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="sideways.*hang"):
        site("sideways").connect().received(get())


# over real sockets

def exchange(port: int, limit: int = 1 << 20) -> Iterator[bytes]:
    """Ask for / and yield what comes until the server closes or `limit` bytes came."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as client:
        client.sendall(get())
        while limit > 0 and (data := client.recv(65536)):
            limit -= len(data)
            yield data


def fetch(fault: str | None) -> tuple[int, dict[str, str], bytes]:
    with serve(site(fault)) as server:
        return split(b"".join(exchange(server.port)))


@pytest.mark.parametrize("fault", [None, "slow"])
def test_whole_over_a_socket(fault: str | None) -> None:
    status, headers, body = fetch(fault)
    assert (status, headers["content-length"], body) == (200, "1024", FILE)


def test_truncate_over_a_socket() -> None:
    status, headers, body = fetch("truncate")
    assert (status, headers["content-length"], body) == (200, "1024", FILE[:512])


def test_html_over_a_socket() -> None:
    status, headers, body = fetch("html")
    assert (status, headers["content-type"]) == (200, "text/html")
    assert body.startswith(b"<!doctype html>")


def test_chunked_over_a_socket() -> None:
    _, headers, rest = fetch("chunked")
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
    body, chunks = b"", 0
    while not rest.startswith(b"0\r\n\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        body, rest, chunks = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :], chunks + 1
    assert (body, rest, chunks) == (FILE, b"0\r\n\r\n", 64)


def test_reset_over_a_socket() -> None:
    with serve(site("reset")) as server, pytest.raises(ConnectionResetError):
        list(exchange(server.port))


def test_hang_over_a_socket() -> None:
    with serve(site("hang")) as server, \
            socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as client:
        client.sendall(get())
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_endless_over_a_socket_goes_past_any_limit() -> None:
    with serve(site("endless")) as server:
        _, headers, body = split(b"".join(exchange(server.port, 4 << 20)))
    assert "content-length" not in headers
    assert len(body) > 4_000_000
    assert not body.strip()


def test_every_fault_has_its_test_above() -> None:
    assert set(FAULTS) == {"hang", "reset", "truncate", "slow", "chunked", "html", "endless"}


def test_a_refused_client_still_gets_its_answer() -> None:
    with serve(site()) as server, \
            socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as client:
        client.sendall(b"x" * 300_000)  # more than one read takes
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert split(answer)[0] == 431


def test_the_server_outlives_rude_clients_and_frees_its_port() -> None:
    server = serve(site())
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as rude:
        rude.sendall(b"GET")
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert split(b"".join(exchange(server.port)))[0] == 200
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)
    with pytest.raises(OSError):
        serve(site(), server.port)
    server.close()
    server.close()
    with silent, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)


def test_raw_bytes_are_all_that_is_sent() -> None:
    asked = Site(lambda request: Reply(500, body=b"no", fault="hang", raw=b"\x15\x03"), clock)

    assert asked.connect().received(get()) == [("data", b"\x15\x03"), ("close",)]
