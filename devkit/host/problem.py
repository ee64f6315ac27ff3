"""What stops the host, told in one sentence that names the fix."""


class Problem(Exception):
    """Printed as it is, without a traceback; exit status 1."""
