"""`python -m games.testing MODULE CLASS`: a title's matches, played in a process of their own.

The kit starts this with other values of PYTHONHASHSEED, and compares what it answers.
"""

import json
import sys
from functools import reduce
from importlib import import_module
from typing import Any

from games.testing.checks import digests

module, name = sys.argv[1:]
kind: Any = reduce(getattr, name.split("."), import_module(module))
sys.stdout.write(json.dumps(digests(kind)))
