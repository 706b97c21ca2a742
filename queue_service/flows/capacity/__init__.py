"""How much room there is: plans, layers, surge rules, disruptions."""
