"""Takes turns under flock(2) until an instant: flock-worker.py <file> <until, monotonic ns> <work in ms>. Prints [entered, left] of each."""
import fcntl, json, os, sys, time

path, until, work_ms = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
turns = []
while time.monotonic_ns() < until:
    fcntl.flock(file, fcntl.LOCK_EX)
    entered = time.monotonic_ns()
    if work_ms > 0:
        time.sleep(work_ms / 1000)
    left = time.monotonic_ns()
    fcntl.flock(file, fcntl.LOCK_UN)
    turns.append([str(entered), str(left)])
print(json.dumps(turns))
