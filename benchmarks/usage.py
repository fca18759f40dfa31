"""The error of a command that cannot be obeyed as it stands."""


class UsageError(Exception):
    """The command asks for what does not exist; the message names what does."""
