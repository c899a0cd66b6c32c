"""Arithmetic of signatures, for the three kinds of keys that TUF metadata has."""


class BadKey(Exception):
    """This is no public key that the device can use; the text says where that showed."""
