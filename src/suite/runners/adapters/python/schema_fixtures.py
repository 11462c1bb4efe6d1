"""Finds what makes SQLAlchemy's tables before each test and drops them after: JSON with file names and texts in, JSON with places out."""

import ast
import json
import sys

# The methods of a class that are run for each test.
FOR_EACH_TEST = {"setUp", "tearDown", "asyncSetUp", "asyncTearDown", "setup_method", "teardown_method"}
BOTH = {"create_all", "drop_all"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def is_function_fixture(function):
    """Whether a fixture is made anew for each test; a scope that is no text is not known."""
    for decorator in function.decorator_list:
        is_call = isinstance(decorator, ast.Call)
        if name_of(decorator.func if is_call else decorator) != "fixture":
            continue
        scopes = [keyword.value for keyword in decorator.keywords if keyword.arg in ("scope", None)] if is_call else []
        return all(isinstance(scope, ast.Constant) and scope.value == "function" for scope in scopes)
    return False


def called_of(nodes, helpers):
    """Which of the two methods code names, itself or by functions of the same file; a part of the tables does not count."""
    found = set()
    for node in (inner for node in nodes for inner in ast.walk(node)):
        is_call = isinstance(node, ast.Call) and name_of(node.func) in BOTH
        if is_call and any(keyword.arg == "tables" for keyword in node.keywords):
            return set()
        if isinstance(node, ast.Attribute) and node.attr in BOTH:
            found.add(node.attr)
        elif isinstance(node, ast.Call) and name_of(node.func) in helpers:
            helper = helpers[name_of(node.func)]
            found |= called_of([helper], {name: one for name, one in helpers.items() if one is not helper})
    return found


def names_sqlite(tree):
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return any(text.startswith("sqlite") for text in texts)


def places(file, text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    if names_sqlite(tree):
        return
    helpers = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS) and is_function_fixture(node) and called_of(node.body, helpers) == BOTH:
            yield {"file": file, "line": node.lineno, "name": node.name}
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, FUNCTIONS) and one.name in FOR_EACH_TEST]
            if called_of(methods, helpers) == BOTH:
                yield {"file": file, "line": node.lineno, "name": node.name}


found = [place for file, text in json.load(sys.stdin).items() for place in places(file, text)]
json.dump(found, sys.stdout)
