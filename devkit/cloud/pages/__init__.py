"""What a registry holds and what happened to it, for people with a browser, on the control port. None of it is Azure's.

Read only, without a key and without a secret: whoever can use this machine can see it. So that no web page of elsewhere can, by a name that
it makes resolve to 127.0.0.1, only the names localhost and 127.0.0.1 are answered; no page has a script, and all texts are escaped."""
