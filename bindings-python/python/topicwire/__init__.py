"""One client for realtime gateways."""
