from sqlalchemy import BigInteger, Column, ForeignKey, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


def identity():
    return Column(Integer, primary_key=True)


def reference(target, nullable=False):
    """A foreign key to the identity of `target`; what is referred to is never deleted."""
    return Column(ForeignKey(f"{target}.id", ondelete="RESTRICT"), nullable=nullable)


def cents():
    return Column(BigInteger, nullable=False, default=0)
