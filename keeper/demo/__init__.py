"""A local world of real protocols, a market that moves it, and what shows the keeper at work in it."""
