"""`esp32` of the ESP32 port: Partition and NVS (esp32_partition.c, esp32_nvs.c), as thin faces."""

import struct

from _bus import call, payload


def _raw(buf):
    """The bytes of a buffer, whatever its items are. TypeError for what is no buffer."""
    return buf.encode() if isinstance(buf, str) else bytes(memoryview(buf))


def _name(text):
    if isinstance(text, bytes):
        return text.decode()
    if not isinstance(text, str):
        raise TypeError(f"can't convert '{type(text).__name__}' object to str implicitly")
    return text


class Partition:
    BOOT, RUNNING = 0, 1
    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, id, block_size=4096, _info=None):
        which = id if isinstance(id, int) else _name(id)
        self._info = tuple(_info or call("part_get", which))
        self._block = block_size

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=4096):
        label = label if label is None else _name(label)
        return [Partition(1, block_size, i) for i in call("part_find", type, subtype, label)]

    def info(self):
        return self._info

    def _native(self, block, off, size):
        """For the file system, which reads a partition without a call of Python."""
        return call("part_read", self._info[2], block * self._block + off, size)

    def readblocks(self, block, buf, off=0):
        at = block * self._block + off
        if type(buf) is bytearray:
            buf[:] = call("part_read", self._info[2], at, len(buf))
            return
        size = len(_raw(buf))
        struct.pack_into(f"{size}s", buf, 0, call("part_read", self._info[2], at, size))

    def writeblocks(self, block, buf, off=None):
        at = block * self._block + (off or 0)
        data = payload(buf) if type(buf) is bytearray else _raw(buf)
        if off is None and self._block < 4096:
            call("part_patch", self._info[2], at, data)
            return
        if off is None:
            call("part_erase", self._info[2], at, len(data))
        call("part_write", self._info[2], at, data)

    def ioctl(self, op, arg):
        if op in (1, 2, 3):
            return 0
        if op == 4:
            return self._info[3] // self._block
        if op == 5:
            return self._block
        if op == 6:
            if self._block != 4096:
                return -22
            call("part_erase", self._info[2], arg * 4096, 4096)
            return 0
        return None

    def set_boot(self):
        call("part_set_boot", self._info[2])

    def get_next_update(self):
        return Partition(1, 4096, call("part_next", self._info[2]))

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        call("part_mark_valid")


class NVS:
    def __init__(self, namespace):
        self._ns = _name(namespace)
        call("nvs_open", self._ns)

    def set_i32(self, key, value):
        if not isinstance(value, (int, bool)):  # a bool is no int in MicroPython
            raise TypeError(f"can't convert {type(value).__name__} to int")
        call("nvs_set_i32", self._ns, _name(key), int(value))

    def get_i32(self, key):
        return call("nvs_get_i32", self._ns, _name(key))

    def set_blob(self, key, value):
        call("nvs_set_blob", self._ns, _name(key), _raw(value))

    def get_blob(self, key, buf):
        data = call("nvs_get_blob", self._ns, _name(key), len(_raw(buf)))
        struct.pack_into(f"{len(data)}s", buf, 0, data)
        return len(data)

    def erase_key(self, key):
        call("nvs_erase", self._ns, _name(key))

    def commit(self):
        call("nvs_commit")


HEAP_EXEC, HEAP_DATA = 1, 4


def idf_heap_info(capabilities):
    """(total, free, largest free block, least free ever) of each region, in bytes."""
    return [tuple(region) for region in call("heap_info")]
