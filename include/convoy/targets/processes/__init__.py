"""The ``processes`` target: real operating-system processes on this machine, kept by supervisor.

A miniature of how cluster managers work. A mutation only writes the desired state into a store, under a fence, and
returns; a controller, which supervisord keeps alive, brings the processes there::

    ProcessesTarget ──> store (SQLite) <── controller ──XML-RPC──> supervisord ──> replicas
                                              └── router: one stable address per component ──> replicas that are up

- ``layout``, ``spec``, ``database``, ``locks``, ``store``: the folder of an environment and what is written in it
- ``moves``, ``lockstep``: which replicas to start and stop next; pure
- ``condition``, ``programs``, ``rpc``: replicas as supervisord has them
- ``reconciler``, ``report``, ``router``, ``controller``: the loop
- ``supervisord``, ``identity``: starting and stopping all of it
"""
