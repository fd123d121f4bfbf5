"""The channels: how what is owed is sent, behind one protocol."""
