#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks files of JSON lines against a JSON Schema.

usage: schema-check.py SCHEMA FILE...

Prints one line for each of the first offences of a file.  Exit status: 0 all
valid, 1 not, 2 usage, 77 skipped because jsonschema is missing.
"""
import json
import sys

OFFENCES_SHOWN = 10


def reject_duplicates(pairs):
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return seen


def reject_constant(name):
    raise ValueError(name + " is not JSON")


def check_line(jsonschema, validators, line):
    """What is wrong with the line, or None."""
    try:
        event = json.loads(line, object_pairs_hook=reject_duplicates,
                           parse_constant=reject_constant)
    except ValueError as error:
        return "no JSON: %s" % error
    kind = event.get("type") if isinstance(event, dict) else None
    # The definition of its type alone: faster, and says what is wrong.
    validator = validators.get(kind)
    if validator is None:
        return "unknown type %r" % (kind,)
    error = jsonschema.exceptions.best_match(validator.iter_errors(event))
    if error is None:
        return None
    return "%s at /%s: %s" % (kind, "/".join(map(str, error.absolute_path)),
                              error.message)


def check_file(jsonschema, validators, name):
    """Returns the number of offences."""
    offences = lines = 0
    with open(name, "rb") as file:
        for lines, raw in enumerate(file, 1):
            wrong = None
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                wrong = "no UTF-8: %s" % error
            if wrong is None and not text.endswith("\n"):
                wrong = "no line feed at the end"
            if wrong is None:
                wrong = check_line(jsonschema, validators, text)
            if wrong is not None:
                offences += 1
                if offences <= OFFENCES_SHOWN:
                    print("%s:%d: %s" % (name, lines, wrong))
    if lines == 0:
        print("%s: empty" % name)
        return 1
    return offences


def main():
    if len(sys.argv) < 3:
        print("usage: schema-check.py SCHEMA FILE...", file=sys.stderr)
        return 2
    try:
        import jsonschema
    except ImportError:
        print("schema-check.py: skipped: the Python module jsonschema "
              "(Debian: python3-jsonschema) is not installed")
        return 77
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validators = {}
    for choice in schema["oneOf"]:
        kind = choice["$ref"].rsplit("/", 1)[1]
        validators[kind] = jsonschema.Draft202012Validator(
            {"$ref": choice["$ref"], "$defs": schema["$defs"]})
    offences = sum(check_file(jsonschema, validators, name)
                   for name in sys.argv[2:])
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
