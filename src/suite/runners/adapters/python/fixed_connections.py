"""Finds Python code that connects to a hard-coded database: JSON with file names and texts in, JSON with places out."""

import ast
import json
import sys

CONNECTS = {
    "connect",
    "create_pool",
    "create_engine",
    "create_async_engine",
    "Pool",
    "ConnectionPool",
    "AsyncConnectionPool",
    "SimpleConnectionPool",
    "ThreadedConnectionPool",
}


def called(node):
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def constants(tree):
    """Names that are assigned exactly one string at the top of a module."""
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            values[name] = None if name in values else node.value
    return values


def text_of(node, values):
    if isinstance(node, ast.Name):
        node = values.get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def places(file, text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    values = constants(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or called(node) not in CONNECTS:
            continue
        named = {keyword.arg: text_of(keyword.value, values) for keyword in node.keywords}
        address = next((named[key] for key in ("dsn", "conninfo", "url") if named.get(key)), None)
        if address is None and node.args:
            address = text_of(node.args[0], values)
        yield {
            "file": file,
            "line": node.lineno,
            "address": address,
            "database": named.get("dbname") or named.get("database"),
        }


found = [place for file, text in json.load(sys.stdin).items() for place in places(file, text)]
json.dump(found, sys.stdout)
