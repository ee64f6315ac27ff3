"""One Azure cloud on localhost, as far as replication meets it: Entra's token endpoint, ARM's importImage, a container registry's data
plane and Event Grid's delivery of its events.

A documented server: each behaviour cites its source, and refuses as Azure does. It shares nothing with another cloud: an import pulls over
TLS from the login server it was given. What Azure leaves undocumented is said where it was decided."""
