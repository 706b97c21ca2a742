"""A day as a whole: its list on paper, its forecasts, its end, its figures."""
