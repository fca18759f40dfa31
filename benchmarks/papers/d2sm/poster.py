"""The poster of D2SM, which prints Tables 1 and 4 of the paper again."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.table import Table, name_of
from benchmarks.papers.d2sm import denoising


def printed_again(table: Table, name: str, source: str, lines: dict[str, str]) -> Table:
    """The rows of a table that another print has as well, with its numbers; the runs are the same.

    Args:
        lines: numbers by the row's name, `group / label`.

    Raises:
        DeclarationError: the table has no row of a name.
    """
    rest = dict(lines)
    groups = {
        group: [
            replace(row, printed=rest.pop(name_of(group, row)))
            for row in rows
            if name_of(group, row) in lines
        ]
        for group, rows in table.groups.items()
    }
    if rest:
        known = ", ".join(repr(name_of(group, row)) for group, row in table.rows())
        wrong = ", ".join(map(repr, rest))
        raise DeclarationError(f"{name}: {table.name} has no row {wrong}; its rows are {known}")
    groups = {group: rows for group, rows in groups.items() if rows}
    return replace(table, name=name, source=source, groups=groups, bold_known=False)


# fmt: off
TABLE1 = printed_again(denoising.TABLE1, "d2sm_poster_table1", "D2SM, poster, Table 1", {
    # sigma 25: PSNR SSIM MIoU   | 35                            | 50
    "FFDNet / L_1":              "35.033(6) .925(6) .605(8) | 34.074(6) .912(6) .537(8) | 32.845(6) .895(6) .451(7)",
    "FFDNet / + L_SSIM":         "35.567(3) .935(2) .642(2) | 34.469(4) .922(2) .584(2) | 33.180(3) .906(2) .450(8)",
    "FFDNet / + L_Perceptual":   "34.319(7) .912(7) .629(4) | 33.486(7) .899(7) .582(4) | 32.383(7) .881(7) .509(2)",
    "FFDNet / + L_LPIPS":        "35.551(4) .929(4) .613(6) | 34.463(5) .916(4) .541(7) | 33.138(5) .899(4) .452(6)",
    "FFDNet / + L_Contextual":   "25.115(8) .762(8) .628(5) | 24.938(8) .758(8) .583(3) | 24.775(8) .753(8) .509(2)",
    "FFDNet / + L_CrossEntropy": "35.913(2) .932(3) .630(3) | 34.800(2) .919(3) .565(5) | 33.477(2) .903(3) .491(4)",
    "FFDNet / w/o. Internal":    "35.543(5) .929(4) .612(7) | 34.475(3) .916(4) .546(6) | 33.167(4) .899(4) .463(5)",
    "FFDNet / w/. Internal":     "**36.454**(1) **.936**(1) **.644**(1) | **35.206**(1) **.923**(1) **.587**(1) | **33.807**(1) **.907**(1) **.520**(1)",
    "CBDNet / -":                "36.152(3) .936(2) .655(3) | 34.964(3) .923(3) .599(3) | 33.613(3) .907(3) .539(3)",
    "CBDNet / w/o. Internal":    "36.254(2) .935(3) .679(2) | 35.158(2) .925(2) .631(2) | 33.904(2) .911(2) .550(2)",
    "CBDNet / w/. Internal":     "**36.899**(1) .941(1) .691(1) | **35.596**(1) **.929**(1) **.652**(1) | **34.172**(1) **.914**(1) **.600**(1)",
    "SADNet / -":                "36.310(3) .936(3) .674(3) | 35.081(3) .924(2) .637(3) | 33.730(3) .908(3) .581(3)",
    "SADNet / w/o. Internal":    "36.822(2) .940(2) .691(2) | 35.247(2) .924(2) .655(2) | 34.133(2) .912(2) .600(2)",
    "SADNet / w/. Internal":     "**37.130**(1) **.943**(1) .701(1) | **35.839**(1) .931(1) **.670**(1) | **34.440**(1) **.916**(1) **.634**(1)",
})

TABLE2 = printed_again(denoising.TABLE4, "d2sm_poster_table2", "D2SM, poster, Table 2", {
    "FFDNet / FFDNet":           "35.03 .925 .605",
    "FFDNet / + L_iKLD":         "35.97 .931 .638",
    "FFDNet / + L_JSD":          "36.31 .935 .640",
    "FFDNet / + L_GAN":          "35.55 .931 .621",
    "FFDNet / Ours":             "36.45 .936 .644",
})
# fmt: on
