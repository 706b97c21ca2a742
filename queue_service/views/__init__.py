"""Read sides fed by the follower: pure load(rows at seq), apply(entry), public(audience)."""
