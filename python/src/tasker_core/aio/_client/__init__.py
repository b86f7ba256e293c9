"""The operations of the client, by what they are for."""
