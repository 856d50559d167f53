"""Ownership, journal and relay in a world where chance is drawn from a seed and time is a number.

What runs is the real code: ``Worker`` with its loops, ``RoomConsumer``, ``PlayerConsumer``,
``Committer``, ``Watch``, the books of the room store, and ``Follower`` at the other end of each
socket. What is simulated is all that lies between them: the clock, the event loops, the ways to the
room store, to the database and to other workers, and the sockets. There chance decides what is
late, lost, doubled or overtaken, and who dies, sleeps or is cut off.

Nothing else decides anything: no thread, no wall clock, no order of a set. So a seed is a whole
story, told the same way each time, and a story that goes wrong can be told again.

``python -m tests.simulation --seed 7`` tells one, ``--seeds 300`` tells many.
"""
