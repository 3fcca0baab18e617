"""The door: jobs admitted once, placed by one policy, carried to whichever engine, watched."""
