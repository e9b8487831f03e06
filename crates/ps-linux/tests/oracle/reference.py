"""Says what psutil, pypsutil and the raw files tell of processes: a pid a line in, `key<TAB>value` lines out."""
import os
import socket
import sys

import psutil

try:
    import pypsutil
except ImportError:
    pypsutil = None


def hexed(text):
    return (text if isinstance(text, bytes) else os.fsencode(text)).hex()


def address(one):
    if not one:
        return "-"
    if isinstance(one, str):
        return hexed(one)
    return "%s|%d" % (one.ip, one.port)


def seconds(*values):
    return " ".join("%.2f" % value for value in values)


def connections(process):
    rows = []
    for one in process.net_connections("all"):
        status = "-" if one.status == "NONE" else one.status
        rows.append("%d %d %d %s %s %s" % (
            one.fd, one.family, one.type, address(one.laddr), address(one.raddr), status))
    return ";".join(sorted(rows))


def sizes(one):
    return "%s %d %d %d %d %d %d %d %d %d %d" % (
        hexed(one.path), one.rss, one.size, one.pss, one.shared_clean, one.shared_dirty,
        one.private_clean, one.private_dirty, one.referenced, one.anonymous, one.swap)


def maps(process):
    return ";".join("%s %s %s" % (one.addr, one.perms, sizes(one))
                    for one in process.memory_maps(grouped=False))


def grouped_maps(process):
    return ";".join(sizes(one) for one in process.memory_maps(grouped=True))


def descriptors(process):
    rows = ["%d %s %s %d %d %d %d %d %d %d" % (
        one.fd, one.fdtype.value, hexed(one.path), one.position, one.flags, one.dev, one.ino, one.rdev,
        one.mode, one.size) for one in sorted(process.iter_fds(), key=lambda one: one.fd)]
    return ";".join(rows)


def open_files(process):
    rows = ["%d %s %d %s %d" % (one.fd, hexed(one.path), one.position, one.mode, one.flags)
            for one in sorted(process.open_files(), key=lambda one: one.fd)]
    return ";".join(rows)


def limit(name):
    number = getattr(psutil, "RLIMIT_" + name.upper())
    return lambda process: "%d %d" % process.rlimit(number)


def status_kilobytes(*keys):
    def read(process):
        lines = open("/proc/%d/status" % process.pid, "rb").read().split(b"\n")
        found = dict(line.split(b":", 1) for line in lines if b":" in line)
        return " ".join(str(int(found.get(key, b"0 kB").split()[0]) * 1024) for key in keys)
    return read


def faults(process):
    rest = open("/proc/%d/stat" % process.pid, "rb").read().rsplit(b")", 1)[1].split()
    return "%d %d" % (int(rest[7]), int(rest[9]))


def numbers(values):
    return " ".join(str(int(value)) for value in values)


LIMITS = ["as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "rss", "stack", "locks",
          "msgqueue", "nice", "rtprio", "rttime", "sigpending"]

FACTS = {
    "ppid": lambda p: str(p.ppid()),
    "name": lambda p: hexed(p.name()),
    "exe": lambda p: hexed(p.exe()),
    "cmdline": lambda p: ",".join(hexed(one) for one in p.cmdline()),
    "cwd": lambda p: hexed(p.cwd()),
    "status": lambda p: p.status(),
    "create_time": lambda p: seconds(p.create_time()),
    "uids": lambda p: numbers(p.uids()),
    "gids": lambda p: numbers(p.gids()),
    "username": lambda p: hexed(p.username()),
    "terminal": lambda p: p.terminal() or "-",
    "nice": lambda p: str(p.nice()),
    "ionice": lambda p: numbers(p.ionice()),
    "num_fds": lambda p: str(p.num_fds()),
    "num_threads": lambda p: str(p.num_threads()),
    "threads": lambda p: ";".join(
        "%d %s" % (t.id, seconds(t.user_time, t.system_time)) for t in sorted(p.threads())),
    "cpu_times": lambda p: seconds(*p.cpu_times()),
    "cpu_num": lambda p: str(p.cpu_num()),
    "memory_info": lambda p: numbers((lambda m: (m.rss, m.vms, m.shared, m.text, m.data))(p.memory_info())),
    "footprint": lambda p: numbers((lambda m: (m.uss, m.pss, m.swap))(p.memory_full_info())),
    "memory_maps": maps,
    "grouped_maps": grouped_maps,
    "open_files": open_files,
    "net_connections": connections,
    "io_counters": lambda p: numbers(p.io_counters()),
    "context_switches": lambda p: numbers(p.num_ctx_switches()),
    "environ": lambda p: ",".join("%s=%s" % (hexed(k), hexed(v)) for k, v in p.environ().items()),
    "cpu_affinity": lambda p: numbers(p.cpu_affinity()),
    "page_faults": faults,
    "memory_info_ex": status_kilobytes(
        b"VmHWM", b"VmPeak", b"RssAnon", b"RssFile", b"RssShmem", b"VmSwap", b"HugetlbPages"),
}
for name in LIMITS:
    FACTS["limit_" + name] = limit(name)

OTHER = {
    "pgid": lambda p: str(p.pgid()),
    "sid": lambda p: str(p.sid()),
    "umask": lambda p: str(p.umask()),
    "groups": lambda p: numbers(p.getgroups()),
    "root": lambda p: hexed(p.root()),
    "fsuid": lambda p: str(p.fsuid()),
    "fsgid": lambda p: str(p.fsgid()),
    "ignored": lambda p: numbers(sorted(p.sigmasks(include_internal=True).ignored)),
    "blocked": lambda p: numbers(sorted(p.sigmasks(include_internal=True).blocked)),
    "caught": lambda p: numbers(sorted(p.sigmasks(include_internal=True).caught)),
    "pending": lambda p: numbers(sorted(p.sigmasks(include_internal=True).pending)),
    "process_pending": lambda p: numbers(sorted(p.sigmasks(include_internal=True).process_pending)),
    "raw_create_time": lambda p: seconds(p.raw_create_time()),
    "descriptors": descriptors,
}


def tell(facts, process):
    for key, ask in facts.items():
        try:
            value = "=" + ask(process)
        except psutil.ZombieProcess:
            value = "zombie"
        except psutil.NoSuchProcess:
            value = "gone"
        except psutil.AccessDenied:
            value = "denied"
        except PermissionError:
            value = "denied"
        except (FileNotFoundError, ProcessLookupError):
            value = "gone"
        except Exception as error:
            names = [one.__name__ for one in type(error).__mro__]
            known = {"ZombieProcess": "zombie", "NoSuchProcess": "gone", "AccessDenied": "denied"}
            value = next((known[one] for one in names if one in known), "failed %r" % error)
        print("%s\t%s" % (key, value))


for line in sys.stdin:
    number = int(line)
    try:
        tell(FACTS, psutil.Process(number))
        if pypsutil is not None:
            tell(OTHER, pypsutil.Process(number))
    except Exception as error:
        print("gone\t%r" % error)
    print(".", flush=True)
