"""What the API answers, as types for the OpenAPI document; handlers write the same."""
