"""Everything that several workers need, on one machine: what `make cluster` starts.

``parts`` knows which programs and how each is started, ``supervisor`` keeps them going and ends
them; `manage.py cluster` puts both together.
"""
