"""Commands within the process of the tests."""

import reproduce


def call(capsys, *arguments):
    """Status, output and error of a command."""
    try:
        status = reproduce.main(list(map(str, arguments)))
    except SystemExit as stop:  # argparse
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err
