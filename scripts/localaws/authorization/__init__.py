"""Which permissions a request needs, where MiniStack's own idea of it is too coarse for least privilege.

MiniStack evaluates policies, boundaries, trust and resource policies. What is here names the resource that
AWS looks at (service authorization reference, and the user guides where that is silent), the roles that a
call hands on, and what conditions ask about.
"""
