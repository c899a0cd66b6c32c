"""Which rows `seesaw bench` has: of host_tools/bench_*.py, in this order.

Alone here, as the help of the command names them and is to be quick.
"""

QUICK = ("time", "memory", "crypto", "recipe")
GROUPS = (*QUICK, "update", "loads", "page", "site", "fleet", "prove")
