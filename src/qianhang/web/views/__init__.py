"""What pages and the API show of the services' things, shaped apart from any template."""
