#!/usr/bin/env python3
"""Answers requests from another language, with nothing but the standard library, until it is ended.

    serve.py NAME       serve the methods of the conformance suite under a name: cli-ops conformance NAME

Linux. Follows docs/reference: registry.md and wire-protocol.md.
"""
import json, math, os, re, secrets, signal, socket, stat, sys, tempfile, threading, time

from cli_ops import INSTANCE, ME, announce, directory, encode, home, unlink

MAX_MESSAGE_BYTES = 1 << 20
MAX_HEADER_BYTES = 1024
MAX_ID_LENGTH = 1024
MAX_BATCH_LENGTH = 1000
MAX_IN_FLIGHT = 128
MAX_REFUSED = 1000
SAFE_INTEGER = 2**53 - 1


# --- the methods ----------------------------------------------------------------------------------------------------


class Failed(Exception):
    """What a handler fails with: a message, and a code for programs."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


NOTED = []


def fail(params, request):
    raise Failed("failed", "E_TEST")


def count(params, request):
    for value in range(1, int(params) + 1):
        request.progress(value)
    return params


def noted(params, request):
    everything = NOTED[:]
    NOTED.clear()
    return everything


METHODS = {
    "conformance/echo": lambda params, request: params,
    "conformance/fail": fail,
    "conformance/wait": lambda params, request: request.ended.wait(),
    "conformance/count": count,
    "conformance/note": lambda params, request: NOTED.append(params),
    "conformance/noted": noted,
}


# --- messages -------------------------------------------------------------------------------------------------------


def is_id(value):
    if isinstance(value, str):
        return len(value) <= MAX_ID_LENGTH
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value is None
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return abs(value) <= SAFE_INTEGER or value != math.floor(value)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_request(message):
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return False
    timeout, parent = message.get("timeoutMs"), message.get("traceparent")
    return (
        isinstance(message.get("method"), str)
        and ("id" not in message or is_id(message["id"]))
        and (timeout is None or is_number(timeout) and timeout >= 0)
        and (parent is None or isinstance(parent, str))
    )


def is_reply(message):
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or "method" in message:
        return False
    return "id" in message and is_id(message["id"]) and ("result" in message or isinstance(message.get("error"), dict))


def result_of(id, result):
    return {"jsonrpc": "2.0", "id": id, "result": result}


def error_of(id, number, message, **data):
    error = {"code": number, "message": message, **({"data": data} if data else {})}
    return {"jsonrpc": "2.0", "id": id, "error": error}


def parse(text):
    """JSON as the specification has it: without NaN, and without members called __proto__."""

    def refuse(name):
        raise ValueError(name)

    def members(pairs):
        return {key: value for key, value in pairs if key != "__proto__"}

    return json.loads(text.decode(), parse_constant=refuse, object_pairs_hook=members)


# --- one connection -------------------------------------------------------------------------------------------------


class TooLarge(Exception):
    pass


class BadHeader(Exception):
    pass


class Request:
    """A request whose handler runs."""

    def __init__(self, connection, message, reply):
        self.connection, self.message, self.reply = connection, message, reply
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.answered = "id" not in message

    def progress(self, value):
        params = {"token": self.message["id"], "value": value}
        self.connection.send({"jsonrpc": "2.0", "method": "$/progress", "params": params})

    def answer(self, reply):
        """The first answer counts; whoever gives it, the handler is told to end."""
        with self.lock:
            if self.answered:
                return
            self.answered = True
        self.reply(reply)
        self.ended.set()

    def run(self):
        id = self.message.get("id")
        timeout = self.message.get("timeoutMs")
        timer = None
        if timeout is not None and timeout < threading.TIMEOUT_MAX * 1000:
            late = error_of(id, -32002, "the deadline has passed")
            timer = threading.Timer(timeout / 1000, lambda: self.answer(late))
            timer.daemon = True
            timer.start()
        try:
            self.answer(result_of(id, METHODS[self.message["method"]](self.message.get("params"), self)))
        except Failed as failure:
            self.answer(error_of(id, -32000, str(failure), code=failure.code))
        except Exception as failure:
            self.answer(error_of(id, -32000, str(failure) or "the handler failed"))
        finally:
            if timer:
                timer.cancel()
            self.connection.forget(self)


class Batch:
    """Collects the replies to one batch; all of them are sent together."""

    def __init__(self, connection, expected):
        self.connection, self.left, self.replies = connection, expected, []
        self.lock = threading.Lock()

    def add(self, reply):
        with self.lock:
            self.replies.append(reply)
            self.left -= 1
            complete = self.left == 0
        if complete:
            self.connection.send(self.replies)


class Connection:
    def __init__(self, own_socket, name):
        self.socket, self.name = own_socket, name
        self.buffer = b""
        self.lines = True
        self.sending = threading.Lock()
        self.changed = threading.Condition()
        self.running = {}
        self.in_flight = 0
        self.refused = 0

    def serve(self):
        try:
            if self.find_framing():
                while self.refused <= MAX_REFUSED and self.serve_one():
                    pass
            with self.changed:
                self.changed.wait_for(lambda: self.in_flight == 0)
        except OSError:
            pass
        finally:
            with self.changed:
                for request in list(self.running.values()):
                    request.ended.set()
            self.socket.close()

    def serve_one(self):
        """Reads and answers one message; false where no further one can be read."""
        try:
            text = self.read_line() if self.lines else self.read_body()
        except TooLarge:
            self.refuse(error_of(None, -32001, f"the message is larger than {MAX_MESSAGE_BYTES} bytes"))
            return self.lines
        except BadHeader:
            self.refuse(error_of(None, -32700, "the header has no valid Content-Length"))
            return False
        if text is None:
            return False
        try:
            message = parse(text)
        except (ValueError, RecursionError):
            self.refuse(error_of(None, -32700, "the message is no JSON"))
            return True
        self.accept(message)
        return True

    # What arrives

    def receive(self):
        chunk = self.socket.recv(65536)
        self.buffer += chunk
        return len(chunk) > 0

    def find_framing(self):
        """The first byte that is no white space and no part of a byte order mark decides."""
        while True:
            self.buffer = self.buffer.lstrip(b" \t\r\n\xef\xbb\xbf")
            if self.buffer:
                self.lines = self.buffer[:1] not in (b"C", b"c")
                return True
            if not self.receive():
                return False

    def read_line(self):
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if len(line) > MAX_MESSAGE_BYTES:
                self.skip_line()
                raise TooLarge
            if newline:
                self.buffer = rest
                if line.strip():
                    return line
            elif not self.receive():
                # A last line without a newline is a line.
                self.buffer = b""
                return line if line.strip() else None

    def skip_line(self):
        """Drops the rest of a line as it arrives."""
        while b"\n" not in self.buffer:
            self.buffer = b""
            if not self.receive():
                return
        self.buffer = self.buffer.partition(b"\n")[2]

    def read_body(self):
        while not (end := re.search(rb"\r?\n\r?\n", self.buffer[: MAX_HEADER_BYTES + 4])):
            if len(self.buffer) >= MAX_HEADER_BYTES:
                raise BadHeader
            if not self.receive():
                return None
        header, self.buffer = self.buffer[: end.start()], self.buffer[end.end() :]
        declared = re.findall(rb"^Content-Length:[ \t]*(.*?)[ \t]*\r?$", header, re.I | re.M)
        if not declared or not all(re.fullmatch(rb"\d{1,15}", value) for value in declared):
            raise BadHeader
        lengths = {int(value) for value in declared}
        length = lengths.pop()
        if length == 0 or lengths:
            raise BadHeader
        if length > MAX_MESSAGE_BYTES:
            raise TooLarge
        while len(self.buffer) < length:
            if not self.receive():
                return None
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return body

    # What it means

    def accept(self, message):
        if not isinstance(message, list):
            return self.accept_entry(message, self.send)
        if not 1 <= len(message) <= MAX_BATCH_LENGTH:
            return self.refuse(error_of(None, -32600, f"a batch must have 1 to {MAX_BATCH_LENGTH} entries"))
        answered = [entry for entry in message if ("id" in entry if is_request(entry) else not is_reply(entry))]
        batch = Batch(self, len(answered))
        for entry in message:
            self.accept_entry(entry, batch.add)

    def accept_entry(self, message, reply):
        if is_reply(message):
            self.refused += 1
        elif not is_request(message):
            self.refused += 1
            id = message.get("id") if isinstance(message, dict) else None
            reply(error_of(id if is_id(id) else None, -32600, "no request of JSON-RPC 2.0"))
        elif message["method"].startswith("$/"):
            self.accept_control(message, reply)
        elif message["method"] not in METHODS:
            if "id" in message:
                reply(error_of(message["id"], -32601, f"no method {message['method']}"))
        else:
            self.start(message, reply)

    def accept_control(self, message, reply):
        params = message.get("params")
        if message["method"] == "$/cancelRequest" and isinstance(params, dict) and "id" in params:
            self.cancel(params["id"])
        if "id" not in message:
            return
        if message["method"] == "$/ping":
            pong = dict(name=self.name, instance=INSTANCE, pid=os.getpid(), maxMessageBytes=MAX_MESSAGE_BYTES)
            reply(result_of(message["id"], pong))
        elif message["method"] == "$/cancelRequest":
            reply(result_of(message["id"], None))
        else:
            reply(error_of(message["id"], -32601, f"no method {message['method']}"))

    def cancel(self, id):
        with self.changed:
            request = self.running.get(json.dumps(id))
        if request:
            request.answer(error_of(id, -32800, "cancelled"))

    def start(self, message, reply):
        request = Request(self, message, reply)
        key = json.dumps(message["id"]) if "id" in message else object()
        with self.changed:
            # Nothing is read while that many handlers run.
            self.changed.wait_for(lambda: self.in_flight < MAX_IN_FLIGHT)
            if key in self.running:
                used = error_of(message["id"], -32600, "a request with this id is still running")
            else:
                used = None
                request.key = key
                self.running[key] = request
                self.in_flight += 1
        if used:
            reply(used)
        elif "id" in message:
            threading.Thread(target=request.run, daemon=True).start()
        else:
            # In the order of arrival, since nobody is told when it has ended.
            request.run()

    def forget(self, request):
        with self.changed:
            del self.running[request.key]
            self.in_flight -= 1
            self.changed.notify_all()

    # What is sent

    def refuse(self, reply):
        self.refused += 1
        self.send(reply)

    def send(self, message):
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf8", "replace")
        frame = text + b"\n" if self.lines else b"Content-Length: %d\r\n\r\n%s" % (len(text), text)
        try:
            with self.sending:
                self.socket.sendall(frame)
        except OSError:
            pass  # The peer has gone.


# --- the server -----------------------------------------------------------------------------------------------------


def private(path):
    """Whether nobody else can put anything there."""
    status = os.lstat(path)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def socket_path():
    file = f"{INSTANCE}-{secrets.token_hex(4)}.sock"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folders = [os.path.join(runtime, "cli-ops")] if os.path.isabs(runtime) and os.path.isdir(runtime) else []
    folders += [os.path.join(parent, f"cli-ops-{os.getuid()}") for parent in (tempfile.gettempdir(), "/tmp")]
    for folder in folders:
        if len(os.fsencode(os.path.join(folder, file))) > 103:
            continue
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if private(folder):
            return os.path.join(folder, file)
        if os.lstat(folder).st_uid == os.getuid():
            sys.exit(f"{folder} must be a directory that is closed to others (chmod 700)")
    return os.path.join(directory("sockets"), file)


def write_record(name, endpoint):
    path = os.path.join(directory("registry"), f"{encode(name)}~{INSTANCE}~{ME}.json")
    record = dict(name=name, instance=INSTANCE, pid=os.getpid(), startedAt=int(time.time() * 1000), metadata={})
    if endpoint:
        record["endpoint"] = endpoint
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, json.dumps(record).encode())
    os.close(descriptor)
    os.rename(path + ".new", path)
    return path


def serve(name):
    announce()
    path = socket_path()
    # The record comes first, so that a socket is never without an owner who can be looked for.
    record = write_record(name, None)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(128)
    write_record(name, path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(path, flush=True)
    try:
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=Connection(accepted, name).serve, daemon=True).start()
    finally:
        unlink(record)
        unlink(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    serve(sys.argv[1])
