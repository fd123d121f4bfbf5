"""The stores: where events, debts and documents are kept, behind one protocol."""
