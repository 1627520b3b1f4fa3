"""Saved arrays, memory-mapped without a file held open: numpy's own mapping keeps one for each, and an index has fifty
arrays a segment. (From Python 3.13 on mmap can let go of the file; until then only the C library itself does.)
"""

from __future__ import annotations

import ctypes
import mmap
import os
import threading
import weakref
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_READ_WHOLE = 65_536  # bytes of a file
_FAILED = ctypes.c_void_p(-1).value
_READING = threading.Lock()


def mapped(path: Path) -> npt.NDArray[Any]:
    """A saved array, read-only, as a plain array: np.memmap's own indexing costs a microsecond each time.

    A small one is read. Raises OSError, and ValueError for a file that holds no array, or less than one.
    """
    with path.open("rb") as file, _READING:  # numpy reads the head with ast, of which 3.11 loses count between threads
        if os.fstat(file.fileno()).st_size > _READ_WHOLE:
            return _mapped(file)
        try:
            read: npt.NDArray[Any] = np.load(file, allow_pickle=False)
        except EOFError as error:
            raise ValueError("an empty file") from error
    read.flags.writeable = False
    return read


def _mapped(file: IO[bytes]) -> npt.NDArray[Any]:
    version = np.lib.format.read_magic(file)
    if version != (1, 0):  # longer heads are those of records with very many fields
        raise ValueError(f"an array file of version {version}, wanted (1, 0)")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("an array file of Python objects")
    count = int(np.prod(shape, dtype=np.int64))
    whole: npt.NDArray[Any] = np.frombuffer(memoryview(_pages(file)), dtype, count, file.tell())
    whole.flags.writeable = False
    return whole.reshape(shape, order="F" if by_column else "C")


def _pages(file: IO[bytes]) -> ctypes.Array[ctypes.c_char]:
    """The whole file in memory, given back when nobody refers to it any more."""
    size = os.fstat(file.fileno()).st_size
    library = _library()
    address = library.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), 0)
    if address == _FAILED:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), file.name)
    pages = (ctypes.c_char * size).from_address(address)
    weakref.finalize(pages, library.munmap, address, size).atexit = False  # a thread may read until the very end
    return pages


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
    ]  # fmt: skip
    library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return library
