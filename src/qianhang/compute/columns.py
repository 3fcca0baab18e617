"""Columns of the compute network's tables; none of them may be null."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Integer, String, Text

__all__ = ["long", "real", "signed", "text", "whole", "wide"]


def text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    """Text of so many characters at most."""
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def long(name: str) -> Column[Any]:
    """Text of any length."""
    return Column(name, Text, nullable=False)


def whole(name: str, *, primary_key: bool = False) -> Column[Any]:
    """A whole number of 32 bits."""
    return Column(name, Integer, primary_key=primary_key, nullable=False, autoincrement=False)


def wide(name: str) -> Column[Any]:
    """A whole number of 64 bits."""
    return Column(name, BigInteger, nullable=False)


def real(name: str) -> Column[Any]:
    """A floating-point number."""
    return Column(name, Float, nullable=False)


def signed() -> tuple[Column[Any], Column[Any]]:
    """Who wrote the row, and when."""
    return text("by", 80), text("at", 32)
