"""The reading room: one module a page, and the pieces that the pages share."""
