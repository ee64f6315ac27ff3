"""Entra's refusals with their numbers and texts, as "Microsoft Entra authentication error codes" and public reports quote them."""

from cryptography import x509

from devkit.cloud import times
from devkit.cloud.errors import EntraRefusal

CERTIFICATES = "Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
FEDERATION = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
NOT_INSTALLED = (
    "This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the"
    " tenant. You may have sent your authentication request to the wrong tenant."
)


def missing(parameter: str) -> EntraRefusal:
    return EntraRefusal(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{parameter}'.")


def unsupported_grant(grant: str) -> EntraRefusal:
    return EntraRefusal(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant[:50]}'.")


def unknown_tenant(tenant: str, error: str) -> EntraRefusal:
    message = (
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with"
        " your subscription administrator, this may happen if there are no active subscriptions for the tenant."
    )
    return EntraRefusal(400, error, 90002, message)


def unknown_app(client: str, tenant: str) -> EntraRefusal:
    message = f"Application with identifier '{client}' was not found in the directory '{tenant}'. {NOT_INSTALLED}"
    return EntraRefusal(400, "unauthorized_client", 700016, message)


def disabled_app(client: str) -> EntraRefusal:
    return EntraRefusal(400, "unauthorized_client", 7000112, f"Application '{client}' is disabled.")


def bad_scope(scope: str) -> EntraRefusal:
    message = (
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the"
        " resource identifier (application ID URI)."
    )
    return EntraRefusal(400, "invalid_scope", 1002012, message)


def unknown_resource(resource: str, tenant: str) -> EntraRefusal:
    message = f"The resource principal named {resource} was not found in the tenant named {tenant}. {NOT_INSTALLED}"
    return EntraRefusal(400, "invalid_resource", 500011, message)


def no_proof() -> EntraRefusal:
    """7000218 names the same for the other flows."""
    message = "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
    return EntraRefusal(401, "invalid_client", 7000216, message)


def wrong_secret(client: str) -> EntraRefusal:
    message = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID,"
        f" for a secret added to app '{client}'."
    )
    return EntraRefusal(401, "invalid_client", 7000215, message)


def expired_secret(client: str) -> EntraRefusal:
    message = (
        f"The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for your app:"
        " https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."
    )
    return EntraRefusal(401, "invalid_client", 7000222, message)


def malformed_assertion() -> EntraRefusal:
    return EntraRefusal(400, "invalid_request", 50027, "JWT token is invalid or malformed.")


def not_its_own() -> EntraRefusal:
    message = f"Client assertion application identifier doesn't match 'client_id' parameter. {CERTIFICATES}"
    return EntraRefusal(401, "invalid_client", 700021, message)


def wrong_audience() -> EntraRefusal:
    return EntraRefusal(401, "invalid_client", 700023, f"Client assertion audience claim does not match Realm issuer. {CERTIFICATES}")


def out_of_time(now: float, begins: float, ends: float) -> EntraRefusal:
    """Seconds since the epoch."""
    current, begin, end = (times.rfc3339(int(moment * 1e9), digits=7) for moment in (now, begins, ends))
    message = (
        f"Client assertion is not within its valid time range. Current time: {current}, assertion valid from {begin}, expiry time of"
        f" assertion {end}. {CERTIFICATES}"
    )
    return EntraRefusal(401, "invalid_client", 700024, message)


def unusable_key(client: str, reason: str, thumbprint: bytes | None, certificate: x509.Certificate | None) -> EntraRefusal:
    """`certificate` is the registered one of that thumbprint, if there is one."""
    message = "The certificate with identifier used to sign the client assertion is not registered on application."
    details = [f"[Reason - {reason}"]
    if thumbprint:
        details.append(f"Thumbprint of key used by client: '{thumbprint.hex().upper()}'")
    if certificate is not None:
        message = "Client assertion contains an invalid signature."
        start, end = (f"{at:%m/%d/%Y %H:%M:%S}" for at in (certificate.not_valid_before_utc, certificate.not_valid_after_utc))
        details.append(f"Found key 'Start={start}, End={end}'")
    details.append(f"Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{client}'.]")
    return EntraRefusal(401, "invalid_client", 700027, f"{message} {', '.join(details)}")


def no_federation(client: str) -> EntraRefusal:
    return EntraRefusal(401, "invalid_client", 70025, f"The client '{client}' has no configured federated identity credentials.")


def not_federated(number: int, what: str, value: str) -> EntraRefusal:
    """700211 for the issuer, 700212 for the audience, 700213 for the subject, 7002138 for its case alone."""
    case = "The subject matches with case-insensitive comparison, but not with case-sensitive comparison. " if number == 7002138 else ""
    message = (
        f"No matching federated identity record found for presented assertion {what} '{value[:300]}'. {case}Check your federated identity"
        f" credential Subject, Audience and Issuer against the presented assertion. {FEDERATION}"
    )
    return EntraRefusal(401, "invalid_client", number, message)


def federation_not_signed() -> EntraRefusal:
    return EntraRefusal(401, "invalid_client", 50013, "Assertion failed signature validation. [Reason - The key was not found.]")
