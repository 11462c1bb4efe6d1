"""What SQLAlchemy's metadata says of a schema."""


def shape(metadata):
    return [(key, len(table.columns), len(table.constraints), len(table.indexes)) for key, table in metadata.tables.items()]


def names_of(connection, metadata):
    """The quoted names of the tables and of the sequences that the metadata names."""
    preparer = connection.dialect.identifier_preparer
    tables = [preparer.format_table(table) for table in metadata.tables.values()]
    return tables, [preparer.format_sequence(sequence) for sequence in metadata._sequences.values()]


def why_never(metadata):
    """Why the schema of a metadata is never kept: code of the project runs when it is made or dropped, and may do anything."""
    from sqlalchemy import schema, types

    statements = getattr(schema, "ExecutableDDLElement", None) or schema.DDLElement
    for target in [metadata, *metadata.tables.values()]:
        for event in ("before_create", "after_create", "before_drop", "after_drop"):
            for listener in getattr(target.dispatch, event):
                # An enum or another type that is made with its tables; before SQLAlchemy 2.1 its method is wrapped.
                owner = getattr(listener, "target", getattr(getattr(listener, "func", listener), "__self__", None))
                is_type = isinstance(owner, types.SchemaType)
                if not is_type and not (event.endswith("create") and isinstance(listener, statements)):
                    return "the project listens to %s" % event
    return None
