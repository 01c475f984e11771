"""Templates of a new service: copied, with `@NAME@` replaced by the service's name."""
