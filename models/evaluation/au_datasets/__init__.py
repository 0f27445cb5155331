"""Readers of the AU databases that the field reports on, for whoever has them: one file a database.

None of them may be copied here, and none was at hand when these were written: layouts follow public code that reads
them. Each reader says what it looks for and where that was seen. ``splits.json`` holds who is tested on.
"""
