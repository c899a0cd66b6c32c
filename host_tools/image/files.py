"""Reading and replacing whole files, with errors that people can act on."""

import os
import tempfile
from pathlib import Path

from host_tools.errors import UserError


def read(path: Path) -> bytes:
    """The bytes of a file. UserError when it cannot be read."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise UserError(str(path), "no ordinary file", "name one")  # a pipe might never end
        return path.read_bytes()
    except OSError as error:
        raise UserError(str(path), _why(error), "name a file that can be read") from error


def replace(files: dict[Path, bytes], *, private: bool = False) -> None:
    """Put every file in place, or none: all are written beside first, then renamed.

    private: for their owner alone, as what holds keys and passwords.

    UserError when a folder is missing or full; the files of before are then untouched.
    """
    written: list[tuple[str, Path]] = []
    try:
        for path, data in files.items():
            written.append((_beside(path, data, private), path))
        while written:
            temporary, path = written[0]
            os.replace(temporary, path)
            written.pop(0)
    except OSError as error:
        raise UserError(
            str(path), f"cannot be written ({_why(error)})", "name a file in a writable folder"
        ) from error
    finally:
        for temporary, _ in written:
            os.unlink(temporary)


def _beside(path: Path, data: bytes, private: bool) -> str:
    if not path.name or path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    if path.exists() and not path.is_file():
        raise OSError(22, "it is no ordinary file")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if not private:  # mkstemp's own mode is 0600
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
    except OSError:
        os.unlink(name)
        raise
    return name


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
