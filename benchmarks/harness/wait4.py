"""Runs commands and tells what each cost, with the kernel's own account of that one process.

One request a line on stdin, {"argv": [...], "env": {...}, "cwd": "..."}; one answer a line on stdout,
{"cpuMs": 81.2, "wallMs": 110.4, "exitCode": 0, "maxRssKiB": 45000}. The commands' own output goes nowhere.
"""

import json
import os
import sys
import time

null = os.open(os.devnull, os.O_RDWR)
silence = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)]

for line in iter(sys.stdin.readline, ""):
    request = json.loads(line)
    argv = request["argv"]
    os.chdir(request["cwd"])
    began = time.perf_counter_ns()
    # posix_spawn and not fork: the child's account must not hold copies of this interpreter's pages.
    pid = os.posix_spawn(argv[0], argv, request["env"], file_actions=silence)
    _, status, usage = os.wait4(pid, 0)
    ended = time.perf_counter_ns()
    answer = {
        "cpuMs": (usage.ru_utime + usage.ru_stime) * 1e3,
        "wallMs": (ended - began) / 1e6,
        "exitCode": os.waitstatus_to_exitcode(status),
        "maxRssKiB": usage.ru_maxrss,
    }
    print(json.dumps(answer), flush=True)
