"""Paths into JSON, and the tree of what is wanted that core/scan.py walks along with the body.

A path is steps between "/": a key; `*`, the first child, whatever its name; `[2]`, an item of a
list by its number from 0; `[symbol=.SPX]`, the item whose field is that. An object where a list is
expected counts as its only item.
"""


class Node:
    """One step that is wanted. keys: the steps below, by key or number; any: for each that is not
    named. slot: where its own value goes, -1 for nowhere; slots: its own and all below."""

    def __init__(self) -> None:
        self.keys = {}
        self.any = None
        self.slot = -1
        self.slots = []
        self.sizes = 0  # a bit for each length of a key, modulo 29: most keys need no closer look
        self.lists = False  # a list is expected here
        self.picks = False  # an item that one of its fields chooses
        self.want = None  # the field that chooses must be this


NOTHING = Node()


def tree(paths: list, fill: object = None) -> Node:
    """Of paths that path_rules.steps() takes; slot i is that of the i-th, `deep` the most steps.

    fill: what each step goes through after the path was split, so that a symbol may hold a "/".
    ValueError for paths that exclude each other.
    """
    root = Node()
    root.deep = 0
    for slot in range(len(paths)):
        node = root
        node.slots.append(slot)
        found = paths[slot].split("/")
        root.deep = max(root.deep, len(found))
        if found[-1][:1] == "[" and "=" in found[-1]:
            raise ValueError("a path goes on below [FIELD=VALUE]")
        for step in found:
            node = _below(node, step if fill is None else fill(step))
            node.slots.append(slot)
        if node.slot >= 0:
            raise ValueError("two paths lead to the same")
        node.slot = slot
    return root


def _below(node: Node, step: str) -> Node:
    lists = step[:1] == "["
    if (node.keys or node.any) and node.lists != lists:
        raise ValueError("two paths differ on what is a list")
    node.lists = lists
    if lists and "=" in step:
        return _picked(node, step)
    if step == "*":
        if node.any is None:
            node.any = Node()
            node.sizes = 0x1FFFFFFF
        return node.any
    if lists and node.any:
        raise ValueError("two paths choose items differently")
    key = int(step[1:-1]) if lists else step.encode()
    return _child(node, key)


def _child(node: Node, key: object) -> Node:
    if key not in node.keys:
        node.keys[key] = Node()
        if not node.lists:
            node.sizes |= 1 << len(key) % 29
    return node.keys[key]


def _picked(node: Node, step: str) -> Node:
    field, _, value = step[1:-1].partition("=")
    key, want = field.encode(), value.encode()
    if node.any is None and not node.keys:
        node.any = Node()
        node.any.picks = True
        _child(node.any, key).want = want
    chooser = node.any and node.any.keys.get(key)
    if chooser is None or chooser.want != want:
        raise ValueError("two paths choose items differently")
    return node.any


def listed(value: object) -> list:
    """One path, or several in order of preference; as a list."""
    return value if isinstance(value, list) else [value]


def named(recipe: dict) -> tuple:
    """(all paths that the recipe names, each once, as written; those of failure marks alone)."""
    found = listed(recipe["price"])[:]
    for row in recipe["base"] + recipe["time"]:
        found += row[1:2]
    for row in recipe.get("good", []):
        found.append(row[0])
    for name in ("rolled", "echo", "echo_if_there", "shift"):
        found += listed(recipe.get(name, []))
    if isinstance(recipe.get("open"), list):
        found.append(recipe["open"][0])
    bad = recipe.get("bad", [])
    once = []
    for path in found + bad:
        if path not in once:
            once.append(path)
    return once, [path for path in bad if path not in found]


def full(recipe: dict, path: str) -> str:
    """From the top: a path is below the recipe's `within`, unless it begins with "/"."""
    if path[:1] == "/":
        return path[1:]
    return recipe["within"] + "/" + path if "within" in recipe else path
