#!/usr/bin/env python3
"""Takes part in the coordination of CLIs from another language, with nothing but the standard library.

    cli_ops.py lock RESOURCE -- COMMAND [ARG ...]   run a command while holding a lock
    cli_ops.py emit TYPE [JSON]                     emit an event
    cli_ops.py events                               print the events that are kept, a JSON object a line
    cli_ops.py ps                                   print who is running, a JSON object a line
    cli_ops.py call NAME METHOD [JSON]              ask a running CLI

Linux. Follows docs/reference: lock-protocol.md, event-log.md, registry.md and wire-protocol.md.
"""
import hashlib, json, math, os, re, secrets, signal, socket, subprocess, sys, time
from datetime import datetime, timezone

# --- names and directories ------------------------------------------------------------------------------------------

PLAIN = set(b"abcdefghijklmnopqrstuvwxyz0123456789._-")
DEVICE = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


def encode(name):
    raw = name.encode()
    text = "".join(chr(b) if b in PLAIN and not (i == 0 and b == 0x2E) else "%%%02X" % b for i, b in enumerate(raw))
    if DEVICE.match(text):
        text = "%%%02X" % ord(text[0]) + text[1:]
    if len(text) <= 120:
        return text
    return re.sub(r"%[0-9A-F]?$", "", text[:87]) + "~" + hashlib.sha256(raw).hexdigest()[:32]


def home():
    base = os.environ.get("CLI_OPS_HOME") or os.path.join(
        os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "cli-ops"
    )
    os.makedirs(base, mode=0o700, exist_ok=True)
    status = os.lstat(base)
    if not os.path.isdir(base) or os.path.islink(base) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        sys.exit(f"{base} must be a directory of yours that is closed to others (chmod 700)")
    namespace = os.environ.get("CLI_OPS_NAMESPACE")
    return os.path.join(base, "namespaces", encode(namespace)) if namespace else base


def directory(*parts):
    path = os.path.join(home(), *parts)
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def names_in(path):
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


# --- who is alive ---------------------------------------------------------------------------------------------------


def read(path):
    try:
        with open(path, encoding="latin1") as file:
            return file.read()
    except OSError:
        return ""


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return "%016x" % value


def stat_of(path):
    """State and start time; the name in front of them may hold anything, parentheses too."""
    fields = read(path).rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")


BOOT = read("/proc/sys/kernel/random/boot_id").replace("-", "")[:12]
PIDNS = re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))
MACHINE = read("/etc/machine-id").strip() and fnv1a(read("/etc/machine-id").strip())
KNOWN_AS = f"p{os.getpid()}.t{os.getpid()}.s{stat_of('/proc/self/stat')[1]}.b{BOOT}.n{PIDNS}"
ME = f"{KNOWN_AS}.m{MACHINE}.w{math.ceil(time.time())}"
IDENTITY = re.compile(r"(p(\d+)\.t(\d+)\.s(\d*)\.b([0-9a-f]*)\.n(\d*))\.m([0-9a-f]*)(?:\.w(\d*))?(?:\.a(\d+)-(\d*))?")
INITIAL_PIDNS = "4026531836"
INSTANCE = secrets.token_hex(6)
SOCKET = None


def announce():
    """In another pid namespace than the initial one pids tell nobody anything: there, a socket does, until this process ends."""
    global SOCKET
    if SOCKET or not BOOT or PIDNS == INITIAL_PIDNS:
        return
    folder = os.open(directory("liveness"), os.O_RDONLY)
    SOCKET = socket.socket(socket.AF_UNIX)
    SOCKET.bind(f"/proc/self/fd/{folder}/new~{INSTANCE}")
    SOCKET.listen()
    os.rename(f"new~{INSTANCE}", KNOWN_AS, src_dir_fd=folder, dst_dir_fd=folder)
    os.close(folder)


def refuses(known_as):
    """Whether a liveness socket of this kernel is there, and nobody has it open."""
    try:
        folder = os.open(os.path.join(home(), "liveness"), os.O_RDONLY)
    except OSError:
        return False
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.setblocking(False)
            one.connect(f"/proc/self/fd/{folder}/{known_as}")
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        finally:
            os.close(folder)
    return False


def is_dead(identity):
    """True only on proof: what cannot be judged from here is alive."""
    match = IDENTITY.fullmatch(identity)
    if not match:
        return False
    known_as, pid, tid, start, boot, pidns, machine, seen_at, partner, partner_start = match.groups()
    if not boot or not BOOT:
        return False  # A fact that is absent equals nothing.
    if boot != BOOT:
        # Two kernels may run on one machine id: only who was there before this one booted is a relic.
        booted_at = time.time() - max(time.monotonic(), float(read("/proc/uptime").split()[0]))
        return bool(machine and seen_at) and machine == MACHINE and int(seen_at) < booted_at
    if pidns != PIDNS or not pidns:
        return refuses(known_as)
    return is_gone(pid, tid, start) and (not partner or is_gone(partner, partner, partner_start))


def is_gone(pid, tid, start):
    """Whether a process of this namespace, or one of its threads, has ended."""
    for path, number in ((f"/proc/{pid}/stat", pid), (f"/proc/{pid}/task/{tid}/stat", tid)):
        state, began = stat_of(path)
        if state and (state in "XZ" or (number == tid and start and began != start)):
            return True
        if not state:
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                return True
            except PermissionError:
                return False
            return number == tid and tid != pid and os.path.exists(f"/proc/{pid}/task")
    return False


# --- locks ----------------------------------------------------------------------------------------------------------

STATE = re.compile(r"(?:new~([\w-]{1,64})|(free|shared)~([1-9]\d{0,29})|held~([1-9]\d{0,29})~([\w-]{1,64})~(.+))")
SHARER = re.compile(r"sharer~[\w-]{1,64}~(.+)")
TICKET = re.compile(r"\d{20}~[xs]h?~[\w-]{1,64}~(.+)")


class Lock:
    """An exclusive lock on a resource. What a crash leaves names its owner, and the next to want the lock takes it."""

    def __init__(self, resource):
        self.resource, self.id, self.token = resource, f"{INSTANCE}-{secrets.token_hex(4)}", None
        self.path = os.path.join(directory("locks"), encode(resource) + ".lock")
        self.queue = os.path.join(home(), "queues", encode(resource))
        self.record = dict(
            id=self.id, resource=resource, mode="exclusive", name="cli_ops.py", host=socket.gethostname(),
            user=os.environ.get("USER", ""), command="lock", startedAt=int(time.time() * 1000),
        )

    def acquire(self):
        announce()
        ticket = None
        while not self._is_my_turn(ticket) or not self._try():
            if ticket is None:
                ticket = f"{time.monotonic_ns():020d}~x~{self.id}~{ME}"
            if ticket not in names_in(self.queue):
                directory("queues", encode(self.resource))
                self._write(os.path.join(self.queue, ticket), os.O_CREAT | os.O_EXCL)
            time.sleep(0.01)
        if ticket is not None:
            os.unlink(os.path.join(self.queue, ticket))
            remove_if_empty(self.queue)

    def release(self):
        try:
            os.rename(self._own(), os.path.join(self.path, f"free~{self.token}"))
        except FileNotFoundError:
            pass  # It was taken away by force.

    def _own(self):
        return os.path.join(self.path, f"held~{self.token}~{self.id}~{ME}")

    def _is_my_turn(self, ticket):
        for name in sorted(names_in(self.queue)):
            owner = TICKET.fullmatch(name)
            if name == ticket:
                return True
            if owner and is_dead(owner[1]):
                unlink(os.path.join(self.queue, name))
            elif owner and stat_of(f"/proc/{IDENTITY.fullmatch(owner[1])[2]}/stat")[0] not in ("T", "t"):
                return False
        return True

    def _try(self):
        for _ in range(100):
            state = self._look()
            if state is None:
                self._make()
                continue
            name, kind, number, owner = state
            if kind == "held" and not is_dead(owner):
                return False
            # Sharers come before their state: those that count are seen by a listing that begins after it was seen.
            if kind == "shared" and self._sharers():
                return False
            self.token = number + 1 if kind != "new" else self._first_token()
            try:
                os.rename(os.path.join(self.path, name), self._own())
            except FileNotFoundError:
                continue  # Somebody was faster.
            self.record.update(since=int(time.time() * 1000), token=str(self.token))
            return self._write(self._own(), 0)
        return False

    def _look(self):
        states = []
        for name in names_in(self.path):
            match = STATE.fullmatch(name)
            if match:
                new, kind, n, held, _, owner = match.groups()
                kind = "new" if new else "held" if held else kind
                alive = kind == "held" and not is_dead(owner)
                order = (alive, int(n or held or 0), ("new", "free", "shared", "held").index(kind))
                states.append((order, (name, kind, int(n or held or 0), owner)))
        return max(states)[1] if states else None

    def _sharers(self):
        found = [(name, SHARER.fullmatch(name)) for name in names_in(self.path)]
        for name, match in found:
            if match and is_dead(match[1]):
                unlink(os.path.join(self.path, name))
        return any(match and not is_dead(match[1]) for _, match in found)

    def _make(self):
        foreign = [name for name in names_in(self.path) if not SHARER.fullmatch(name)]
        if foreign:
            sys.exit(f"{self.path} holds {foreign[0]!r}, which is no lock's; look at it and remove it")
        self._sharers()
        prepared = os.path.join(directory("claims"), f"put~{secrets.token_hex(6)}~{ME}")
        os.mkdir(prepared, 0o700)
        state = os.path.join(prepared, f"new~{secrets.token_hex(6)}")
        os.close(os.open(state, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            os.rename(prepared, self.path)
        except OSError:
            unlink(state)
            remove_if_empty(prepared)

    def _first_token(self):
        floors = [int(name) for name in names_in(os.path.join(home(), "floor")) if name.isdigit()]
        return max([time.time_ns() // 1000] + [floor + 1 for floor in floors])

    def _write(self, path, flags):
        try:
            descriptor = os.open(path, os.O_WRONLY | flags, 0o600)
        except FileNotFoundError:
            return False
        os.write(descriptor, (json.dumps(self.record) + "\n").encode())
        os.close(descriptor)
        return True


def unlink(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def remove_if_empty(path):
    try:
        os.rmdir(path)
    except OSError:
        pass


# --- events ---------------------------------------------------------------------------------------------------------


MAX_LINE_BYTES = 2 * 2**20


def segment_path(number):
    return os.path.join(directory("events"), f"{number:08d}.ndjson")


def segments():
    return sorted(int(name[:-7]) for name in names_in(directory("events")) if re.fullmatch(r"\d{8,}\.ndjson", name))


def seal_of(number):
    return b'\n{"cliops":"seal","segment":%d}\n' % number


def seal(number):
    try:
        descriptor = os.open(segment_path(number), os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return
    if seal_of(number) not in whole(descriptor):
        os.write(descriptor, seal_of(number))
    os.close(descriptor)


def whole(descriptor):
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def emit(kind, data):
    event = dict(
        specversion="1.0", id=f"{INSTANCE}-{secrets.token_hex(4)}", source=f"/cli-ops/cli_ops.py/{INSTANCE}", type=kind,
        time=datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        datacontenttype="application/json", data=data,
    )
    record = b"\n" + json.dumps(event, separators=(",", ":")).encode() + b"\n"
    while not append(record):
        pass
    return event


def append(record):
    """Appends to the newest segment; false where that was sealed in between, so that the record is void."""
    newest = max(segments(), default=1)
    try:
        descriptor = os.open(segment_path(newest), os.O_RDWR | os.O_APPEND | (os.O_CREAT if newest == 1 else 0), 0o600)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(descriptor).st_size == 0:
            seal(newest - 1)
            header = dict(cliops="header", version=1, segment=newest, startedAt=int(time.time() * 1000))
            os.write(descriptor, b"\n" + json.dumps(header, separators=(",", ":")).encode() + b"\n")
        if os.write(descriptor, record) != len(record):
            sys.exit("the event could not be stored: the disk is full")
        follows = os.path.exists(segment_path(newest + 1))
        if not follows and os.fstat(descriptor).st_nlink > 0:
            return True
        return record in whole(descriptor).partition(seal_of(newest))[0]
    finally:
        os.close(descriptor)


def kept_events():
    for number in segments():
        with open(segment_path(number), "rb") as file:
            valid = file.read().partition(seal_of(number))[0]
        for line in valid.split(b"\n")[:-1]:
            if len(line) > MAX_LINE_BYTES:
                continue
            try:
                event = json.loads(line, object_pairs_hook=members)
            except ValueError:
                continue  # Torn by a writer that was killed.
            if is_event(event):
                yield event


def members(pairs):
    return {key: value for key, value in pairs if key != "__proto__"}


def is_event(record):
    if not isinstance(record, dict) or record.get("specversion") != "1.0" or "data" not in record:
        return False
    return all(isinstance(record.get(k), str) and (record[k] or k == "time") for k in ("id", "source", "type", "time"))


# --- who is running, and requests -----------------------------------------------------------------------------------


def services():
    for name in sorted(names_in(directory("registry"))):
        match = re.fullmatch(r"(.+)~([0-9a-f]{12})~(p.+)\.json", name)
        if match and IDENTITY.fullmatch(match[3]) and not is_dead(match[3]):
            try:
                with open(os.path.join(directory("registry"), name), encoding="utf8") as file:
                    yield json.load(file)
            except (OSError, ValueError):
                continue


def call(name, method, params):
    for service in sorted(services(), key=lambda service: service.get("startedAt", 0)):
        if service["name"] == name and "endpoint" in service:
            return ask(service["endpoint"], method, params)
    sys.exit(f"no running {name} answers requests")


def ask(endpoint, method, params):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(endpoint)
        request = dict(jsonrpc="2.0", id=1, method=method, timeoutMs=30000)
        if params is not None:
            request["params"] = params
        connection.sendall(json.dumps(request).encode() + b"\n")
        for line in connection.makefile(encoding="utf8"):
            reply = json.loads(line)
            if reply.get("id") == 1:
                if "error" in reply:
                    sys.exit(reply["error"]["message"])
                return reply["result"]
    sys.exit("the connection ended before the answer; the outcome is unknown")


# --- the command line -----------------------------------------------------------------------------------------------


def main(words):
    match words:
        case ["lock", resource, "--", *command] if command:
            lock = Lock(resource)
            # A wait or a command that is ended leaves nothing behind.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
            lock.acquire()
            try:
                environment = dict(os.environ, CLI_OPS_LOCK_TOKEN=str(lock.token))
                return subprocess.run(command, env=environment).returncode
            finally:
                lock.release()
        case ["emit", kind, *rest] if len(rest) < 2:
            print(json.dumps(emit(kind, json.loads(rest[0]) if rest else {})))
        case ["events"]:
            for event in kept_events():
                print(json.dumps(event))
        case ["ps"]:
            for service in services():
                print(json.dumps(service))
        case ["call", name, method, *rest] if len(rest) < 2:
            print(json.dumps(call(name, method, json.loads(rest[0]) if rest else None)))
        case _:
            print(__doc__.strip(), file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
