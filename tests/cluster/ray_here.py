"""A Ray cluster of several nodes on this machine, for tests."""

import json
import os
import platform
import signal
import subprocess
import sys

from children import until

NODE = platform.node()

# In a process of its own: Ray ends the one that has lost a head.
CLUSTER = """
import json, sys
from ray.cluster_utils import Cluster
head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 10**8}
cluster = Cluster(initialize_head=True, head_node_args=head)
node = cluster.head_node
while True:
    found = node.all_processes.items()
    pids = {name: processes[0].process.pid for name, processes in found}
    print(json.dumps({"address": cluster.address, "pids": pids}), flush=True)
    if not (line := sys.stdin.readline()):
        break
    node = cluster.add_node(**json.loads(line), object_store_memory=10**8)
cluster.shutdown()
"""


class Cluster:
    """A cluster whose head computes nothing; its processes by name."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, "-c", CLUSTER], **pipes)
        self.head = self.read()

    def read(self):
        answer = json.loads(self.process.stdout.readline())
        self.address = answer["address"]
        return answer["pids"]

    def add(self, **resources):
        """A node with so many `num_cpus` and `num_gpus`."""
        self.process.stdin.write(json.dumps(resources) + "\n")
        self.process.stdin.flush()
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=120)


def kill(pids):
    """Kill what Ray runs on a node, but not what these have started."""
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)


def on_node(child):
    """Wait until the driver knows where a child runs."""
    until(lambda: child.where == f"node {NODE}" and child.ended() is None)
