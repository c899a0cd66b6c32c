# esp32.Partition: the order of the slots, and what cannot be booted.
# touches: otadata other_slot
import binascii

from esp32 import Partition


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except OSError as error:
        print(name, type(error).__name__, error.args)


def record():
    whole = bytearray(8192)
    Partition.find(Partition.TYPE_DATA, 0)[0].readblocks(0, whole)
    return binascii.crc32(whole)


running = Partition(Partition.RUNNING)
other = running.get_next_update()
before = record()
print("two slots", other.info() != running.info(), other.get_next_update().info() == running.info())
print("from data on", Partition("nvs").get_next_update().info()[:2])
print("boot", Partition(Partition.BOOT).info() == running.info())
attempt("data", Partition("nvs").set_boot)
other.ioctl(6, 0)
attempt("an empty slot", other.set_boot)
head = bytearray(4096)
running.readblocks(0, head)
other.writeblocks(0, head)
attempt("a slot with the start of an image", other.set_boot)
attempt("confirmed already", Partition.mark_app_valid_cancel_rollback)
print("the boot record is as it was", record() == before)
print("END")
