"""Names that tell two posts apart and tell nothing else."""

import secrets

from listings.models import Post

_COLOURS = """
Amber Ashen Azure Brass Bronze Cedar Cobalt Copper Coral Crimson Ember Flint Frost Granite Hazel Indigo
Ivory Jade Maple Marble Ochre Olive Opal Pearl Quartz Russet Saffron Scarlet Silver Slate Teal Velvet
"""
_ANIMALS = """
Badger Beaver Bison Caribou Condor Crane Curlew Dipper Eagle Egret Elk Falcon Finch Gannet Grebe Harrier
Heron Ibex Ibis Kestrel Lark Lynx Marten Merlin Moose Osprey Otter Plover Raven Sable Stork Tern
"""


def free_code_name() -> str:
    """A name such as "Copper Heron 417" that no post has yet."""
    while True:
        colour, animal = secrets.choice(_COLOURS.split()), secrets.choice(_ANIMALS.split())
        name = f"{colour} {animal} {100 + secrets.randbelow(900)}"
        if not Post.objects.filter(code_name=name).exists():
            return name
