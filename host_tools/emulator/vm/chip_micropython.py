# `micropython` with the interrupt character kept by the emulated chip: the host presses Ctrl-C by a
# signal, which the Unix port would not survive once it was told to ignore it.

from _bus import call
from micropython import const, heap_lock, heap_unlock, mem_info, opt_level, schedule


def kbd_intr(char):
    call("kbd_intr", char)
