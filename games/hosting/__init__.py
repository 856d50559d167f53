"""Where rooms run: the clock, who runs which room, and the ways between rooms and sockets.

The I/O round the pure floors; it knows no title's rules and no HTTP.
"""
