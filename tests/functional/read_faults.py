"""The preloaded library of tests/faults/read_faults.cpp: what fails is written into the file that it maps."""

import errno
import mmap
import os
import pathlib
import struct

from serving import BINARY

LIBRARY = os.environ.get("CANVASBACK_READ_FAULTS_LIBRARY", str(pathlib.Path(BINARY).parent / "libread_faults.so"))
OPERATIONS = {"open": 1, "read": 2, "stat": 3, "map": 4}
SHORT = -1  # fewer bytes than were asked for
ALWAYS = -1
LAYOUT = struct.Struct("@6iq256s")


class ReadFaults:
    """One plan; give `environment` to the programs that are to meet it."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "read-faults.plan"
        self.path.write_bytes(bytes(LAYOUT.size))
        with self.path.open("r+b") as file:
            self.plan = mmap.mmap(file.fileno(), LAYOUT.size)
        self.environment = {"LD_PRELOAD": LIBRARY, "CANVASBACK_READ_FAULTS": str(self.path)}
        self.clock_offset_s = 0

    def set(self, operation=None, error=0, path=".parquet", after=0, times=ALWAYS):
        """From now on calls of that kind fail, for files whose path has the text in it."""
        number = error if isinstance(error, int) else getattr(errno, error)
        self._write(0, 0, 0, 0, "")  # nothing while it changes
        if operation is not None:
            self._write(OPERATIONS[operation], number, after, times, path)

    def clear(self):
        """How many calls have failed; none do from now on."""
        failed = self.failed
        self.set()
        return failed

    def jump(self, seconds):
        """The clock of the day, in every process."""
        self.clock_offset_s = seconds
        self.clear()

    @property
    def failed(self):
        return LAYOUT.unpack(self.plan[: LAYOUT.size])[5]

    def _write(self, operation, error, after, times, path):
        self.plan[4 : LAYOUT.size] = LAYOUT.pack(0, error, after, times, 0, 0, self.clock_offset_s, path.encode())[4:]
        self.plan[:4] = struct.pack("@i", operation)
