# esp32.Partition: how partitions are found, and what they say of themselves.
# touches:
from esp32 import Partition


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except (OSError, ValueError) as error:
        print(name, type(error).__name__, error.args)


def infos(found):
    return [part.info() for part in found]


running = Partition(Partition.RUNNING)
kind, subtype, address, size, label, encrypted = running.info()
apps = infos(Partition.find())
data = infos(Partition.find(Partition.TYPE_DATA))
print("constants", Partition.BOOT, Partition.RUNNING, Partition.TYPE_APP, Partition.TYPE_DATA)
print("running", kind, address % 65536, size % 4096, type(label) is str, encrypted)
print("by label", Partition(label).info() == running.info())
print("apps", all(info[0] == 0 for info in apps), apps.count(running.info()))
print("any subtype", infos(Partition.find(Partition.TYPE_APP, 0xFF)) == apps)
print("one subtype", infos(Partition.find(0, subtype)) == [running.info()])
print("one label", infos(Partition.find(label=label)) == [running.info()])
print("one label of another type", Partition.find(Partition.TYPE_DATA, label=label))
print("no such label", Partition.find(label="nothing"))
print("no such subtype", Partition.find(Partition.TYPE_APP, 0x7F))
print("data", all(info[0] == 1 for info in data), "nvs" in [info[4] for info in data])
print("nvs", infos(Partition.find(1, 2))[0] == Partition("nvs").info(), Partition("nvs").info()[:2])
attempt("no such label", Partition, "nothing")
attempt("no such id", Partition, 2)
print("END")
