"""The composition root: settings become adapters, adapters become one daemon, one cycle or one look.

Nothing else in the program knows both a setting and the adapter that it configures. `parts` makes the pieces,
`daemon` runs them in one task group, `cycle` runs one cycle or only looks, `replay` derives a journal again.
"""
