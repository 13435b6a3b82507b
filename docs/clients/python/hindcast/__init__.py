"""Pushes ticks to Hindcast as Arrow tables, and follows its log."""

from .client import Ack, Client, Followed, Refused

__all__ = ["Ack", "Client", "Followed", "Refused"]
