"""The wire: what browsers and rooms say to each other, and how it is written as bytes.

``docs/protocol.md`` says the same for people who write clients.
"""
