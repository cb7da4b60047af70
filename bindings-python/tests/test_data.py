"""Payloads as Python objects: with orjson and without, valid and not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import topicwire
from gateway import ROOM, Gateway
from topicwire import _native

DOCUMENTS = [
    "null",
    "true",
    '"text"',
    '"\\u00e4\\ud83d\\ude00 \\"quoted\\" \\n"',
    "0",
    "-1",
    "9007199254740993",
    "18446744073709551615",
    "-9223372036854775808",
    "1.5",
    "-0.1e-7",
    "1e300",
    "[]",
    "{}",
    '[1, [2, [3, {"a": [null, false]}]]]',
    '{"a": 1, "b": {"c": "ä"}, "a": 2}',
    '  {"spaces" : [ 1 , 2 ] }  ',
    json.dumps({str(n): {"name": f"value {n}", "amount": n / 4, "list": list(range(n))} for n in range(50)}),
]
NOT_JSON = ["", "{", "[1,]", '{"a" 1}', "nul", "1 2", '"\\ud800"x', "'a'", "NaN"]

WITHOUT_ORJSON = """
import sys
sys.modules["orjson"] = None
import json
from topicwire import _native
documents, wrong = json.load(sys.stdin)
for text in documents:
    decoded = _native.decode(text.encode())
    assert decoded == json.loads(text) and repr(decoded) == repr(json.loads(text)), text
for text in wrong:
    try:
        _native.decode(text.encode())
    except ValueError as error:
        assert "column" in str(error) and (len(text) < 3 or text not in str(error)), error
    else:
        raise AssertionError(text)
"""


@pytest.mark.parametrize("text", DOCUMENTS)
def test_json_is_what_the_standard_library_makes_of_it(text: str) -> None:
    assert _native.decode(text.encode()) == json.loads(text)


def test_the_same_without_orjson() -> None:
    program = [sys.executable, "-c", WITHOUT_ORJSON]
    given = json.dumps([DOCUMENTS, NOT_JSON])
    done = subprocess.run(program, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_is_not_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - orjson's messages are its own
        _native.decode(text.encode())


async def test_a_payload_that_is_broken_says_so_when_it_is_touched(gateway: Gateway) -> None:
    async with topicwire.Astro("t", url=gateway.url) as astro:
        await astro.subscribe("channel.tips", ROOM)
        text = '{"id":"1","type":"message","topic":"channel.tips","room":"%s","data":{"a":}}' % ROOM  # noqa: UP031
        gateway.control("faults", {"fault": "send_text", "text": text})
        gateway.publish("channel.tips", {"good": True})
        messages = astro.messages()
        broken = await messages.__anext__()
        for _ in range(2):
            with pytest.raises(topicwire.Error) as caught:
                _ = broken.data
            assert caught.value.code == "protocol_error"
            assert isinstance(caught.value.__cause__, ValueError)
        assert broken.raw.startswith(b'{"a":}')
        assert broken.typed is None
        good = await messages.__anext__()
        assert good.data == {"good": True}


async def test_text_and_bytes_are_what_they_are(gateway: Gateway) -> None:
    async with topicwire.Raw(gateway.raw_url) as socket:
        await socket.send('{"a": 1}')
        message = await socket.recv()
        assert (message.data, message.kind, message.raw) == ('{"a": 1}', "text", b'{"a": 1}')
        await socket.send(memoryview(b"\x00\xff"))
        message = await socket.recv()
        assert (message.data, message.kind, message.typed) == (b"\x00\xff", "binary", None)


def test_the_schema_and_this_package_have_the_same_names() -> None:
    root = Path(__file__).parents[2]
    schema = json.loads((root / "schema" / "topicwire.json").read_text(encoding="utf-8"))
    from topicwire.errors import CLASSES

    assert sorted(CLASSES) == sorted(one["code"] if isinstance(one, dict) else one for one in schema["errors"]["codes"])
    generate = root / "bindings-python" / "generate_options.py"
    done = subprocess.run([sys.executable, str(generate), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# How this language says what the schema says otherwise.
SAID_OTHERWISE = {("state", "from"): "from_", ("message", "payload"): "raw"}


def test_events_have_the_attributes_of_the_schema() -> None:
    root = Path(__file__).parents[2]
    schema = json.loads((root / "schema" / "topicwire.json").read_text(encoding="utf-8"))
    kinds = 0
    for one in schema["$defs"]["EventKind"]["oneOf"]:
        if "const" in one:
            name, fields = str(one["const"]), {}
        else:
            ((name, value),) = one["properties"].items()
            if "$ref" in value:
                value = schema["$defs"][value["$ref"].rsplit("/", 1)[1]]
            fields = value.get("properties", {})
        event = getattr(_native, "".join(part.capitalize() for part in name.split("_")))
        kinds += 1
        for field in fields:
            assert hasattr(event, str(SAID_OTHERWISE.get((name, field), field))), f"{event.__name__} has no {field}"
    assert kinds == 16
