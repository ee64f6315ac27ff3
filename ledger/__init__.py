"""What is being done, where it outlives the process that does it: rows in Table storage, locally in SQLite. `store()` is the way in;
ledger/intents.py tells what the rows mean."""

from ledger.intents import Claim, Content, Intent, Intents
from ledger.stores import store

__all__ = ["Claim", "Content", "Intent", "Intents", "store"]
