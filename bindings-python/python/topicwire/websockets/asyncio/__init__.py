"""The drop-in for asyncio."""
