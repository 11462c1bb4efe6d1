from sqlalchemy import Column, Date, String, Text, UniqueConstraint
from sqlalchemy.orm import relationship

from .base import Base, cents, identity, reference


class Account(Base):
    __tablename__ = "accounts"
    id = identity()
    organization_id = reference("organizations")
    code = Column(String(12), nullable=False)
    name = Column(String(120), nullable=False)
    kind = Column(String(12), nullable=False)
    __table_args__ = (UniqueConstraint("organization_id", "code"),)


class Tag(Base):
    __tablename__ = "tags"
    id = identity()
    organization_id = reference("organizations")
    label = Column(String(40), nullable=False)


class AccountTag(Base):
    __tablename__ = "account_tags"
    id = identity()
    account_id = reference("accounts")
    tag_id = reference("tags")


class Journal(Base):
    __tablename__ = "journals"
    id = identity()
    organization_id = reference("organizations")
    name = Column(String(60), nullable=False)


class JournalEntry(Base):
    __tablename__ = "journal_entries"
    id = identity()
    journal_id = reference("journals")
    reverses_id = reference("journal_entries", nullable=True)
    day = Column(Date, nullable=False)
    text = Column(Text, nullable=False, default="")
    journal = relationship("Journal")
    postings = relationship("Posting", back_populates="entry", order_by="Posting.id")


class Posting(Base):
    __tablename__ = "postings"
    id = identity()
    entry_id = reference("journal_entries")
    account_id = reference("accounts")
    amount = cents()
    entry = relationship("JournalEntry", back_populates="postings")
    account = relationship("Account")


class Attachment(Base):
    __tablename__ = "attachments"
    id = identity()
    entry_id = reference("journal_entries")
    file_name = Column(String(200), nullable=False)
    digest = Column(String(64), nullable=False)
