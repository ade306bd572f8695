#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
docs/deploy/nomad and docs/deploy/kubevirt, as far as that goes without either:
the files are read as what they are, what has to agree in them does, and the
QEMU that Nomad's driver starts for the job runs here.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import TOP, connect, free_port, image

try:
    import hcl
    import yaml
except ImportError:
    skip_all("needs python3-pyhcl and python3-yaml: make setup")

HERE = os.path.join(TOP, "docs", "deploy")
UEFI = "/usr/share/ovmf/OVMF.fd"
PORT = 7
if not os.path.exists(UEFI):
    skip_all(f"needs {UEFI}: make setup")

t = Tap(deadline=300)
work = tempfile.mkdtemp(prefix="pollux-deploy-")
t.cleanup(lambda: shutil.rmtree(work))


def job(name):
    with open(os.path.join(HERE, "nomad", name), encoding="utf-8") as file:
        return hcl.load(file)["job"]


def documents(name):
    with open(os.path.join(HERE, "kubevirt", name), encoding="utf-8") as file:
        return {d["kind"]: d for d in yaml.safe_load_all(file)}


def driver_command(task, environment):
    """
    The command line of Nomad's QEMU driver for a task, as its documentation
    and drivers/qemu/driver.go have it; what is for KVM is left out.
    """
    config = task["config"]
    memory = int(task["resources"]["memory"])
    assert memory >= 128, "the driver refuses less"
    given = [re.sub(r"\$\{(\w+)\}", lambda m: environment[m[1]], arg)
             for arg in config["args"]]
    path = config["image_path"]
    monitor = ["-monitor", "unix:qm.sock,server,nowait"]
    return ["qemu-system-x86_64", "-machine", "type=pc,accel=tcg",
            "-name", os.path.basename(path), "-m", f"{memory}M",
            "-drive", f"file={path},if={config.get('drive_interface', 'ide')}",
            "-nographic", *(monitor if config["graceful_shutdown"] else []),
            *given]


def run_task(task):
    """The task on this machine: to an echo, and ended as Nomad ends it."""
    folder = os.path.join(work, "task")
    local = os.path.join(folder, "local")
    os.makedirs(local)
    subprocess.run([os.path.join(TOP, "tools", "mkdisk"),
                    image("apps/echo", "efi"), local], check=True,
                   stdout=subprocess.DEVNULL, timeout=60,
                   env=dict(os.environ, APPEND="", ARGS=""))
    port = free_port()
    command = driver_command(task, {"NOMAD_IP_echo": "127.0.0.1",
                                    "NOMAD_PORT_echo": str(port)})
    with open(os.path.join(work, "log"), "w+b") as log:
        qemu = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                                stdout=log, stderr=subprocess.STDOUT)
        t.cleanup(lambda: (qemu.kill(), qemu.wait()))
        # The user network accepts before the guest does: ask until it answers.
        got = b""
        for _ in range(60):
            with connect(("127.0.0.1", port), timeout=2) as s:
                try:
                    s.sendall(b"hello")
                    got = s.recv(64)
                except OSError:
                    pass
            if got:
                break
        t.equal(got, b"hello", "deploy: the Nomad task's QEMU serves at its port")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(os.path.join(folder, "qm.sock"))
            s.sendall(b"system_powerdown\n")
            try:
                status = qemu.wait(60)
            except subprocess.TimeoutExpired:
                status = "still running"
        if not t.equal(status, 0, "deploy: and ends by the power button"):
            log.seek(0)
            t.diag(log.read().decode("utf-8", "replace"))


# Nomad.

group = job("pollux.nomad.hcl")["pollux"]["group"]["machine"]
task = group["task"]["pollux"]
t.equal(task["driver"], "qemu", "deploy: the Nomad job is for the QEMU driver")
t.ok(group["count"] > 1 and task["resources"]["cores"] == 1,
     "deploy: several instances, one core each")
t.ok(group["service"]["port"] in group["network"]["port"],
     "deploy: the service's port is one of the group's")
balancer = job("balancer.nomad.hcl")["pollux-balancer"]["group"]["balancer"]
text = balancer["task"]["haproxy"]["template"]["data"]
t.ok(f'nomadService "{group["service"]["name"]}"' in text,
     "deploy: the balancer asks for that service")
run_task(task)

# KubeVirt.

scaled = documents("pollux.yaml")
machines = scaled["VirtualMachineInstanceReplicaSet"]["spec"]
service = scaled["Service"]["spec"]
labels = machines["template"]["metadata"]["labels"]
t.ok(machines["replicas"] > 1 and
     machines["template"]["spec"]["domain"]["cpu"]["cores"] == 1,
     "deploy: KubeVirt: several instances of one CPU")
t.equal(machines["selector"]["matchLabels"], labels,
        "deploy: KubeVirt: the replica set knows its own")
t.equal(service["selector"], labels,
        "deploy: KubeVirt: the Service selects them")
interface = machines["template"]["spec"]["domain"]["devices"]["interfaces"][0]
t.equal([service["ports"][0]["targetPort"], interface["ports"][0]["port"],
         machines["template"]["spec"]["readinessProbe"]["tcpSocket"]["port"]],
        [PORT] * 3, "deploy: KubeVirt: one port for all")
single = documents("virtual-machine.yaml")["VirtualMachine"]["spec"]
t.equal(single["template"], machines["template"],
        "deploy: KubeVirt: the lasting machine is the same machine")
t.done()
