"""Which encodings somebody reads: what `Accept-Encoding` says, with its weights (RFC 9110)."""


def reads_gzip(accepted: str) -> bool:
    """Whether the value of an `Accept-Encoding` takes gzip; a weight of 0 says no."""
    if ";" not in accepted:  # what every browser sends
        return "gzip" in accepted
    weights: dict[str, float] = {}
    for wish in accepted.lower().split(","):
        name, _, parameters = wish.partition(";")
        weights[name.strip()] = _weight(parameters)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    """Of one encoding; what nobody understands is a no, and plain bytes are read by all."""
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 0.0 if parameters.strip() else 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
