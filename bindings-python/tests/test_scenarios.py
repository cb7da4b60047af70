"""Every scenario of the project in which no timer matters, played to this package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.player import play

FOLDER = Path(__file__).parents[2] / "tests" / "scenarios"
FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*-*.json")}
WIRE = sorted(name for name, scenario in FILES.items() if scenario["kind"] == "wire")


def test_there_are_scenarios() -> None:
    assert len(WIRE) >= 30


@pytest.mark.parametrize("name", WIRE)
async def test_a_scenario(name: str) -> None:
    await play(FILES[name])
