"""One Azure cloud on localhost, as far as replication meets it.

    entra/ identities/ vault/   who somebody is, and what he may do
    arm/ imports/               importImage and its operations
    registry/ content/          the data plane, and what it holds
    eventgrid/                  events, and how they are delivered
    faults/                     what is imposed on all of these when asked for
    control/ pages/             for tests, and for people

A documented server: each behaviour cites its source, and refuses as Azure does; docs/devkit.md lists them. It shares nothing with another
cloud: an import pulls over TLS from the login server it was given. What is not known of Azure is a switch in unknowns.py."""
