# SPDX-License-Identifier: MIT
"""Two "hosts": network namespaces of this machine with a wire between them, and host names of
their own. Needs root, iproute2 and unshare.
"""
import os
import pathlib
import subprocess
import tempfile

import ranks

NET = "10.199.0"
# A daemon of mpirun notices in seconds that the other host is gone, not in hours.
KEEPALIVE = ["--mca", "oob_tcp_keepalive_time", "2", "--mca", "oob_tcp_keepalive_intvl", "2",
             "--mca", "oob_tcp_keepalive_probes", "2"]


def ip(*words):
    """iproute2."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


def need():
    """Skip where such hosts cannot be made."""
    ranks.need("mpirun", "ip", "unshare")
    try:
        with Hosts():
            pass
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", b"").decode().strip() or error
        print(f"SKIP hosts: no network namespaces here: {reason}")
        raise SystemExit(ranks.SKIP) from None


class Hosts:
    """hosta and hostb. In a with statement; `rate` (such as "10gbit") limits the wire, both
    ways."""

    def __init__(self, rate=None):
        self.rate = rate
        self.names = [f"tvae{os.getpid()}-host{letter}" for letter in "ab"]
        self.wires = [f"tv{letter}{os.getpid() % 100000}" for letter in "ab"]
        self.files = tempfile.TemporaryDirectory()

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        """Wire, addresses, and what stands for ssh and /etc/hosts."""
        for name in self.names:
            ip("netns", "add", name)
        ip("link", "add", self.wires[0], "type", "veth", "peer", "name", self.wires[1])
        for i, (name, wire) in enumerate(zip(self.names, self.wires)):
            ip("link", "set", wire, "netns", name)
            ip("-n", name, "addr", "add", f"{NET}.{i + 1}/24", "dev", wire)
            for link in ("lo", wire):
                ip("-n", name, "link", "set", link, "up")
            if self.rate:
                subprocess.run(["tc", "-n", name, "qdisc", "add", "dev", wire, "root", "tbf",
                                "rate", self.rate, "burst", "1mb", "latency", "50ms"],
                               check=True, capture_output=True)
        folder = pathlib.Path(self.files.name)
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n{NET}.1 hosta\n{NET}.2 hostb\n")
        agent = folder / "agent"
        agent.write_text("#!/bin/sh\nhost=$1\nshift\n"
                         f"exec ip netns exec {self.names[0][:-1]}${{host#host}} unshare --uts "
                         "sh -c \"hostname $host; exec sh -c '$*'\"\n")
        agent.chmod(0o755)

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        self.files.cleanup()

    def ranks(self, *command, options=()):
        """The command by one rank on each host, over TCP."""
        folder = self.files.name
        setup = (f"hostname hosta; mount --bind {folder}/hosts /etc/hosts; exec \"$@\"")
        return ["ip", "netns", "exec", self.names[0], "unshare", "--uts", "--mount", "sh", "-c",
                setup, "sh", "mpirun", "--host", "hosta:1,hostb:1", "-n", "2",
                "--mca", "plm_rsh_agent", f"{folder}/agent",
                "--mca", "oob_tcp_if_include", f"{NET}.0/24",
                "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", f"{NET}.0/24",
                *KEEPALIVE, *options, *command]

    def cut(self):
        """The wire breaks: nothing arrives any more, and nobody is told."""
        ip("-n", self.names[1], "link", "set", self.wires[1], "down")

    def sent_bytes(self):
        """What hosta has sent over the wire so far."""
        path = f"/sys/class/net/{self.wires[0]}/statistics/tx_bytes"
        return int(subprocess.run(["ip", "netns", "exec", self.names[0], "cat", path], check=True,
                                  capture_output=True).stdout)
