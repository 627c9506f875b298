"""``python -m studio.cli`` is the ``studio`` command."""

from studio.cli.main import main

main()
