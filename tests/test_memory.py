"""Threads of a process that writes share one heap."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, sys, threading
from service import memory
if sys.argv[1] == "one":
    memory.one_heap()
together = threading.Barrier(4)
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
def take():
    together.wait()
    for _ in range(100):
        assert library.malloc(5000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
memory.trim()
library.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
library.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such heaps")
def test_threads_that_come_allocate_where_all_do() -> None:
    heaps = {}
    for how in ("one", "many"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROGRAM, how], capture_output=True, text=True, check=True,
            env={"PYTHONPATH": str(Path(__file__).parent.parent)},
        )  # fmt: skip
        heaps[how] = done.stdout.count("<heap nr=")
    assert heaps["one"] == 1 < heaps["many"]
