"""psutil for Python: takes the same orders as the entrants in Rust.

Not among the things that are built: run by the Python that PS_PYTHON names.
"""

import os
import resource
import sys
import time

import psutil

TASKS = {
    "T1", "T2", "T3", "T4", "T5cpu", "T5mem", "T5swap", "T5load", "T5disk", "T5net", "T6", "T7maps",
    "T7uss", "T8", "T9",
}
STATES = {
    psutil.STATUS_SLEEPING: "S", psutil.STATUS_RUNNING: "R", psutil.STATUS_STOPPED: "T",
    psutil.STATUS_ZOMBIE: "Z", psutil.STATUS_DISK_SLEEP: "D", psutil.STATUS_IDLE: "I",
}
TOP = ["name", "status", "cpu_times", "memory_info"]
TABLE = TOP + ["ppid", "create_time", "num_threads", "uids"]
FULL = TABLE + ["cmdline", "exe", "username"]


def escaped(text):
    data = text if isinstance(text, bytes) else os.fsencode(text)
    out = ["="]
    for byte in data:
        if byte == 0x5C or not 0x21 <= byte <= 0x7E:
            out.append("\\x%02x" % byte)
        else:
            out.append(chr(byte))
    return "".join(out)


def row(pid, info):
    """Columns in the order in which they are checked."""
    def column(key, form):
        value = info.get(key)
        return "-" if value is None else form(value)

    return "\t".join([
        str(pid),
        column("ppid", str),
        column("name", escaped),
        column("status", lambda s: escaped(STATES.get(s, "?"))),
        column("cpu_times", lambda t: str(round((t.user + t.system) * 1000))),
        column("create_time", lambda t: str(int(t))),
        column("memory_info", lambda m: str(m.rss)),
        column("memory_info", lambda m: str(m.vms)),
        column("num_threads", str),
        column("uids", lambda u: str(u.real)),
        column("cmdline", lambda c: escaped(b"".join(os.fsencode(a) + b"\0" for a in c))),
        column("exe", escaped),
        column("username", escaped),
    ])


def table(attributes):
    return [(p.pid, p.info) for p in psutil.process_iter(attributes)]


def work(task, about):
    """What was asked for, in psutil's own form: this is what is timed."""
    if task == "T1":
        return psutil.pids()
    if task in ("T2", "T3", "T4"):
        return table({"T2": TABLE, "T3": TOP, "T4": FULL}[task])
    if task == "T5cpu":
        return psutil.cpu_times()
    if task == "T5mem":
        return psutil.virtual_memory()
    if task == "T5swap":
        return psutil.swap_memory()
    if task == "T5load":
        return psutil.getloadavg()
    if task == "T5disk":
        return psutil.disk_io_counters(perdisk=True, nowrap=False)
    if task == "T5net":
        return psutil.net_io_counters(pernic=True, nowrap=False)
    if task == "T6":
        return psutil.net_connections("inet")
    if task == "T7maps":
        return psutil.Process(about).memory_maps(grouped=False)
    if task == "T7uss":
        return psutil.Process(about).memory_footprint() if hasattr(
            psutil.Process, "memory_footprint") else psutil.Process(about).memory_full_info()
    if task == "T8":
        process = psutil.Process(about)
        with process.oneshot():
            return process.cpu_times(), process.memory_info(), process.status()
    return psutil.Process(about).children(recursive=True)


def lines(task, about, found):
    if task == "T1":
        return [row(pid, {}) for pid in found]
    if task in ("T2", "T3", "T4"):
        return [row(pid, info) for pid, info in found]
    if task == "T5cpu":
        return [f"user\t{found.user}", f"idle\t{found.idle}"]
    if task == "T5mem":
        return [f"total\t{found.total}", f"available\t{found.available}"]
    if task == "T5swap":
        return [f"total\t{found.total}", f"free\t{found.free}", f"in\t{found.sin / 4096}"]
    if task == "T5load":
        return [f"one\t{found[0]}"]
    if task == "T5disk":
        disks = [io for name, io in found.items() if name[-1].isalpha()]
        return [f"read\t{sum(io.read_bytes for io in disks)}",
                f"written\t{sum(io.write_bytes for io in disks)}"]
    if task == "T5net":
        return [f"received\t{sum(io.bytes_recv for io in found.values())}"]
    if task == "T6":
        states = {psutil.CONN_ESTABLISHED: 1, psutil.CONN_LISTEN: 10}
        return [
            f"{c.laddr.port if c.laddr else 0}\t{c.raddr.port if c.raddr else 0}\t"
            f"{states.get(c.status, 0)}\t{c.pid or 0}" for c in found if c.status != psutil.CONN_NONE
        ]
    if task == "T7maps":
        return [
            f"count\t{len(found)}", f"rss\t{sum(m.rss for m in found)}",
            f"pss\t{sum(m.pss for m in found)}",
            f"uss\t{sum(m.private_clean + m.private_dirty for m in found)}",
        ]
    if task == "T7uss":
        return [f"pss\t{found.pss}", f"uss\t{found.uss}"]
    if task == "T8":
        times, memory, status = found
        return [row(about, {"cpu_times": times, "memory_info": memory, "status": status})]
    return [row(process.pid, {}) for process in found]


def main():
    for line in sys.stdin:
        verb, task, about, passes = (line.split() + ["0", "1"])[:4]
        about, passes = int(about), int(passes)
        if verb == "knows":
            print("yes" if task in TASKS else "no")
        elif verb == "answer":
            for one in lines(task, about, work(task, about)):
                print(one)
            print()
        elif verb == "time":
            began = time.perf_counter_ns()
            for _ in range(passes):
                work(task, about)
            print(time.perf_counter_ns() - began)
        else:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        sys.stdout.flush()


main()
