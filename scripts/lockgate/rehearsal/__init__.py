"""The whole way from empty accounts to a release in every environment, on an embedded AWS that enforces IAM.

What runs are the commands that people and workflows run, each with the credentials that it would have there.
"""
