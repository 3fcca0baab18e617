"""Reading a plan: from a file to sections, tasks, targets, systems and measures with places."""
