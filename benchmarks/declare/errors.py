"""Errors of what is declared and of what is asked for."""

from __future__ import annotations


class DeclarationError(ValueError):
    """A declaration contradicts itself; the message names table, row and what to change."""


class UsageError(Exception):
    """The command asks for what does not exist; the message names what does."""
