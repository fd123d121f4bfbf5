"""Hides how the API is shown to people: one page of plain HTML out of the OpenAPI document, without any script."""

import json
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { color-scheme: light dark; --line: light-dark(#dcdcd8, #3a3a3a); --dim: light-dark(#666, #aaa); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; }
section { border-top: 1px solid var(--line); padding: .5rem 0; }
h2 { font-size: 1rem; margin: .75rem 0 .25rem; } h2 b { display: inline-block; min-width: 4.5rem; }
p, li, td { margin: .25rem 0; } .dim { color: var(--dim); }
table { border-collapse: collapse; } td { padding: .15rem 1rem .15rem 0; vertical-align: top; }
"""


def page(document: dict[str, Any]) -> str:
    """The OpenAPI document as a page of HTML."""
    info = document["info"]
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    schemas = "".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        '<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a>. '
        "Send a key as <code>Authorization: Bearer &lt;token&gt;</code>.</p>"
        f"{operations}<h1>Types</h1>{schemas}</body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    scope = operation.get("x-ensue-scope")
    parts = [
        f'<section id="{escape(operation["operationId"])}">',
        f"<h2><b>{method.upper()}</b> <code>{escape(path)}</code></h2>",
        f"<p>{escape(operation['summary'])}</p>",
        f"<p>{escape(operation['description'])}</p>" if "description" in operation else "",
        f'<p class="dim">Scope: <code>{escape(scope)}</code></p>' if scope else "",
        _parameters(operation["parameters"]),
        _contents("Body", operation.get("requestBody", {}).get("content", {})),
        *(
            _contents(f"{status} {answer['description']}", answer.get("content", {}))
            for status, answer in operation["responses"].items()
            if status.startswith("2")
        ),
        "</section>",
    ]
    return "".join(parts)


def _parameters(parameters: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code></td><td>{item['in']}</td>"
        f"<td>{escape(item.get('description', ''))}</td></tr>"
        for item in parameters
    )
    return f"<table>{rows}</table>" if rows else ""


def _contents(title: str, contents: dict[str, Any]) -> str:
    items = "".join(
        f"<li><code>{escape(media)}</code> {_link(item['schema'])}</li>" for media, item in contents.items()
    )
    return f'<p class="dim">{escape(title)}</p><ul>{items}</ul>' if items else ""


def _link(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#type-{escape(name)}">{escape(name)}</a>' if name else ""


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
    return f'<section id="type-{escape(name)}"><h2>{escape(name)}</h2><pre>{text}</pre></section>'
