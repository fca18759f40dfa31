"""Numbers at printed precision.

Ranks and differences are taken of what the reader sees. A measured value is rounded half up on its
shortest decimal form, which is what a reader does with the number in the CSV file.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal


def rounded(value: float, digits: int) -> Decimal:
    """A measured value at `digits` decimal places; infinity stays infinite.

    Raises:
        ValueError: NaN, which is not a result.
    """
    if math.isnan(value):
        raise ValueError("NaN is not a result: record the run as failed")
    if math.isinf(value):
        return Decimal("Infinity").copy_sign(Decimal(value))
    step = Decimal(1).scaleb(-digits)
    number = Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)
    return abs(number) if number == 0 else number


def plain(number: Decimal) -> str:
    """The number in fixed notation with all its decimals: 33.180; infinity as a symbol."""
    if number.is_infinite():
        return "∞" if number > 0 else "-∞"
    return format(number, "f")


def signed(number: Decimal) -> str:
    """The number in fixed notation with its sign, zero without one."""
    return plain(number) if number <= 0 else "+" + plain(number)
