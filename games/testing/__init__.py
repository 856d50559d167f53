"""The test kit: what is asked of every title, without a line by its author.

In a title's own tests, wherever it lives::

    from games.testing import check_title

    def test_it_holds_to_the_rules_of_every_title():
        check_title(LastStone)

`manage.py checkgame last_stone` asks the same and says what was shown.
"""

from games.testing.checks import CHECKS, check_title
from games.testing.watch import TitleFault

__all__ = ["CHECKS", "TitleFault", "check_title"]
