"""The words of people and organizations."""

from django.db.models import TextChoices


class Kind(TextChoices):
    MINER = "miner", "Miner"
    TENANT = "tenant", "AI tenant"
    BROKER = "broker", "Broker"


class Role(TextChoices):
    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"


class Scope(TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Read and write"
