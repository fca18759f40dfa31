from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from d2sm_terms import FEATURES, KINDS

from losses.d2sm import D2SM


def test_symbol_names_the_divergence_and_follows_a_replacement() -> None:
    symbols = [D2SM(FEATURES, divergence=kind).symbol for kind in KINDS]
    assert symbols == ["L_D2SM", "L_iKLD", "L_JSD"]
    assert replace(D2SM(FEATURES, divergence="jeffreys"), divergence="kl").symbol == "L_D2SM"
    objective = D2SM(FEATURES) + 0.5 * D2SM(FEATURES, divergence="inverse_kl")
    assert objective.names == ("L_D2SM", "L_iKLD")
    assert D2SM(FEATURES, divergence="jeffreys") != D2SM(FEATURES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": replace(FEATURES, layers=("conv5_4", "conv5_3"))}, "one layer"),
        ({"divergence": "jensen_shannon"}, "kl, inverse_kl, jeffreys"),
        ({"window": None}, "both window and stride"),
        ({"stride": None}, "both window and stride"),
        ({"queue": -1}, "negative"),
        ({"chunk": -1}, "negative"),
    ],
)
def test_term_rejects_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        D2SM(**{"features": FEATURES, **arguments})
