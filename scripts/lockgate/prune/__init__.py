"""Pruning: what nobody can need any more is deleted; everything else is kept, for a reason that is said.

One module for each kind of thing. Each looks first, decides with a pure function, and looks again right
before it deletes.
"""
