"""Writes python/topicwire/options.py from the project's schema, so that names and sentences are those of the core.

python generate_options.py          # writes the file
python generate_options.py --check  # fails if it is not what the schema says
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMA = HERE.parent / "schema" / "topicwire.json"
TARGET = HERE / "python" / "topicwire" / "options.py"

HEAD = '''"""The options of clients, by name. Emitted from the core's schema by `generate_options.py`; do not edit.

Times end in `_ms` and are in milliseconds. What is left out has the default that is given with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict
'''

CLASSES = {
    "ConnectionOptions": ("ConnectionOptions", "How to reach the server."),
    "ReconnectOptions": ("ReconnectOptions", "How to come back after a loss."),
    "QueueOptions": ("QueueOptions", "How much may wait."),
    "AstroOptions": ("AstroOptions", "Options of `topicwire.Astro`."),
    "GraphQlOptions": ("GraphQLOptions", "Options of `topicwire.GraphQL`."),
    "RawOptions": ("RawOptions", "Options of `topicwire.Raw`."),
    "WebPubSubOptions": ("WebPubSubOptions", "Options of `topicwire.WebPubSub`."),
}

# What the constructors take by names and in forms of their own.
OWN = {"token", "credentials", "url", "url_provider"}


def python_type(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    """The type of a value of this schema."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name in CLASSES:
            return CLASSES[name][0]
        return python_type(defs[name], defs)
    if "oneOf" in schema or "enum" in schema:
        words = schema.get("enum") or [one["const"] for one in schema["oneOf"]]
        return f"Literal[{', '.join(json.dumps(word) for word in words)}]"
    if "anyOf" in schema:
        return " | ".join("None" if one.get("type") == "null" else python_type(one, defs) for one in schema["anyOf"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join("None" if one == "null" else python_type({"type": one}, defs) for one in kind)
    if kind == "array":
        if "prefixItems" in schema.get("items", {}):
            return "Sequence[tuple[str, str]]"
        return f"Sequence[{python_type(schema['items'], defs)}]"
    return {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}[str(kind)]


def default_of(schema: dict[str, Any]) -> str:
    """The default in words, where it says something."""
    if "$ref" in schema and isinstance(schema.get("default"), dict):
        return ""
    default = schema.get("default")
    if default in (None, "***", [], ""):
        return ""
    return f" Default: {json.dumps(default)}."


def emit() -> str:
    """The whole file."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    defs = schema["$defs"]
    names = "".join(f'    "{name}",\n' for name, _ in sorted(CLASSES.values()))
    parts = [HEAD, f"\n__all__ = [\n{names}]\n"]
    for name, (shown, sentence) in CLASSES.items():
        lines = [f"\n\nclass {shown}(TypedDict, total=False):", f'    """{sentence}"""', ""]
        for option, value in sorted(defs[name]["properties"].items()):
            if name not in ("ConnectionOptions", "ReconnectOptions", "QueueOptions") and option in OWN:
                continue
            lines.append(f"    {option}: {python_type(value, defs)}")
            text = " ".join(value["description"].split()) + default_of(value)
            wrapped = textwrap.wrap(text, 110)
            lines += [f'    """{wrapped[0]}', *(f"    {line}" for line in wrapped[1:])]
            if len(wrapped) == 1:
                lines[-1] += '"""'
            else:
                lines.append('    """')
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def main() -> int:
    """Write the file, or compare it."""
    text = emit()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") == text:
            return 0
        print("python/topicwire/options.py is stale: run `python bindings-python/generate_options.py`")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
