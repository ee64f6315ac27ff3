"""Why a call into the app failed, in the words that the host passes on."""

import traceback
from dataclasses import dataclass

OUT_OF_PROCESS = "$OutOfProcData$:"  # behind it an orchestrator's exception carries its whole state, inputs included


@dataclass(frozen=True, slots=True)
class Failure:
    type: str
    message: str
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """With the frames of its causes first: the SDK raises anew what an orchestrator raised."""
        chain = [error]
        while (cause := chain[-1].__cause__) is not None and cause not in chain:
            chain.append(cause)
        frames = (frame for each in reversed(chain) for frame in traceback.format_tb(each.__traceback__))
        return cls(type(error).__name__, _message(error), "".join(frames))

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"

    def loggable(self) -> str:
        """Type, the first words of the message, and where it was raised: no values that travelled with the exception."""
        return f"{self.type}: {self.message.partition(OUT_OF_PROCESS)[0][:500].rstrip()}\n{self.trace}".rstrip()


def _message(error: BaseException) -> str:
    """An exception's own `__str__` is the app's code, and may fail too."""
    try:
        return str(error)
    except Exception as second:
        return f"(its message cannot be told: __str__ raised {type(second).__name__})"
