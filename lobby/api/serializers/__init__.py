"""The shapes that go in and come out. ``…In`` checks a body; ``…Out`` says what is answered.

What is answered is made by ``lobby.selectors``, for the live list too; a test holds it to these.
"""
