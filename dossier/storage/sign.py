"""The sign on a store's folder: that it is one, of which format, and which; and whether it was put back."""

import json
import re
from functools import lru_cache
from pathlib import Path

from dossier.errors import IntegrityError, UnreachableError, UsageError
from dossier.model import StoreId, is_store_id
from dossier.storage.base import FORMAT
from dossier.storage.durable import read, replace, sync_folder, translated
from keys.encoding import canonical_json

_LARGEST = 4096  # bytes
_MARK = canonical_json({"format": "dossier/restored/1"})
_ANY_FORMAT = re.compile(r"dossier/store/([1-9][0-9]{0,8})")


def write_sign(store_id: StoreId) -> bytes:
    """Write the bytes of a sign. Raises UsageError for what is no store's id."""
    if not is_store_id(store_id):
        raise UsageError("bad-store-id")
    return canonical_json({"format": FORMAT, "store": store_id})


def read_sign(path: Path) -> StoreId:
    """Read which store this is.

    Raises:
        UnreachableError: "no-store" when nothing stands there, "newer-store" when a later version made it.
        IntegrityError: "store-format" for anything that `write_sign` would not have written.
    """
    try:
        raw = read(path, _LARGEST)
    except UnreachableError as e:
        raise UnreachableError("no-store", **e.data) from e
    if raw is None:
        raise UnreachableError("no-store")
    return _store_of(raw)


@lru_cache(maxsize=4)  # it is looked at whenever the lock is taken; the same bytes name the same store
def _store_of(raw: bytes) -> StoreId:
    try:
        sign = json.loads(raw)
        named = _ANY_FORMAT.fullmatch(sign["format"])
        version = int(named[1]) if named else 0
        if version <= 1 and write_sign(StoreId(sign["store"])) == raw:
            return StoreId(sign["store"])
    except (ValueError, TypeError, KeyError, RecursionError, UsageError) as e:
        raise IntegrityError("store-format") from e
    if version > 1:
        raise UnreachableError("newer-store", version=version)
    raise IntegrityError("store-format")


def is_marked(path: Path) -> bool:
    """Tell whether the mark of a store that was put back is there. Whatever has its name is one."""
    with translated():
        try:
            path.lstat()
        except FileNotFoundError:
            return False
        return True


def mark(path: Path, *, value: bool) -> None:
    """Put the mark there, or take it away, durably."""
    with translated():
        if value:
            replace(path, _MARK)
        else:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
