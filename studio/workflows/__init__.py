"""User stories, one file each: the only place where the rooms below meet; authorises, acts, records."""
