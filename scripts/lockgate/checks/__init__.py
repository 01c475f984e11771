"""What checkov finds, on the right lines, and whether that may be merged.

`stage` lays out what is scanned, `scan` runs checkov, `findings` reads what it says, `rules` holds severities
and waivers, `gate` decides, `places` finds the lines of a plan's resources, `words` and `sarif`
tell.
"""
