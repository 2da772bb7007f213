"""A real SLURM of one node on this machine, in a folder of its own; no database, so no accounting.

Nothing outside the folder is written, and no other SLURM or munge of the machine is touched: the
daemons have their own configuration, key, sockets and ports.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAEMONS = ["munged", "slurmctld", "slurmd"]
CPUS, MEMORY_MB = 4, 16_000
# Whatever becomes of this process, its daemons end with it.
BOUND = ["setpriv", "--pdeathsig", "TERM"]
POLICY = Path("/usr/sbin/policy-rc.d")

SLURM_CONF = """
ClusterName=lacuna
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ReturnToService=2
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/prolog.sh
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# Memory is watched every second instead of through cgroups, which a container may lack.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
# The node may be smaller than it says.
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE
PartitionName=gpu Nodes={host} MaxTime=INFINITE
"""

# A GPU that is none: SLURM counts it and names it, and that is what is tested.
GRES_CONF = "NodeName={host} Name=gpu File=/dev/null\n"

# What every task was given, before it begins.
PROLOG = """#!/bin/sh
given=$(scontrol --oneliner show job "$SLURM_JOB_ID" | tr ' ' '\\n' |
    grep -E '^(Comment|Partition|MinMemoryNode)=')
echo $given CUDA_VISIBLE_DEVICES=${{CUDA_VISIBLE_DEVICES-none}} >> {folder}/given.txt
"""

# The executor plugin takes SLURM_CONF out of the environment in which it calls srun.
SRUN = """#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {srun} "$@"
"""


def install() -> None:
    """Install SLURM and munge from Debian where they are missing; start none of their services."""
    if all(map(shutil.which, DAEMONS)):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        packages = ["slurm-wlm", "munge"]
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        subprocess.run(command, check=True, env=environment)
    finally:
        if ours:
            POLICY.unlink()


@contextmanager
def slurm(folder: Path) -> Iterator[None]:
    """Run SLURM in a folder; its commands work meanwhile, what its jobs got is in given.txt."""
    host = socket.gethostname().split(".")[0]
    ports = _free_ports(2)
    names = {"folder": folder, "host": host, "cpus": CPUS, "memory": MEMORY_MB}
    names |= dict(zip(["ctld_port", "slurmd_port"], ports, strict=True))
    names["srun"] = shutil.which("srun")
    for name in ["state", "spool", "bin"]:
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    conf = folder / "slurm.conf"
    conf.write_text(SLURM_CONF.format(**names))
    (folder / "gres.conf").write_text(GRES_CONF.format(**names))
    for name, text in {"prolog.sh": PROLOG, "bin/srun": SRUN}.items():
        (folder / name).write_text(text.format(**names))
        (folder / name).chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    munge = [f"--{what}={folder}/munge.{what.split('-')[0]}" for what in ["key-file", "socket"]]
    munge += [f"--{what}-file={folder}/munge.{what}" for what in ["pid", "log", "seed"]]
    commands = [
        ["munged", "--foreground", "--force", *munge],
        ["slurmctld", "-D", "-f", conf],
        ["slurmd", "-D", "-f", conf, "-N", host],
    ]
    os.environ["SLURM_CONF"] = str(conf)
    os.environ["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)  # jobs inherit the environment
    running = []
    try:
        for command in commands:
            with open(folder / f"{command[0]}.out", "w") as printed:
                running.append(subprocess.Popen([*BOUND, *command], stdout=printed, stderr=printed))
            time.sleep(1)
        _wait_for_node(folder)
        yield
    finally:
        subprocess.run(["scancel", "--full", "--user=root"], timeout=30)
        time.sleep(2)
        for process in reversed(running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_node(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        asked = subprocess.run(
            ["sinfo", "--noheader", "--format=%T %G", "--partition=cpu"],
            capture_output=True,
            text=True,
        )
        if asked.stdout.startswith("idle gpu:"):
            return
        time.sleep(1)
    logs = "\n".join(path.read_text()[-2000:] for path in folder.glob("*.log"))
    raise RuntimeError(f"SLURM did not come up: {asked.stdout}{asked.stderr}\n{logs}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
