"""A day played forward by the production engines; pure, chance is passed in."""
