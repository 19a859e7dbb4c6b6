"""A keeper at work while its nodes, its process and its chain misbehave, and the audit of what was lost.

`schedule` draws what goes wrong and when, `proxy` does it to the nodes' answers and `blows` to the daemon and
the chain; `session` plays it all, and `audit` asks the chain and the journal afterwards.
"""
