// Every scenario of the project in which no timer matters, played to this package.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { play } from './scenarios/player.mjs';

const FOLDER = new URL('../scenarios/', import.meta.url);
const files = fs.readdirSync(FOLDER).filter((name) => /^[^-]+-.*\.json$/.test(name));
const scenarios = files.map((name) => [name.replace('.json', ''), JSON.parse(fs.readFileSync(new URL(name, FOLDER), 'utf8'))]);
const wire = scenarios.filter(([, scenario]) => scenario.kind === 'wire');

test('there are scenarios', () => assert.ok(wire.length >= 30, `${wire.length}`));

for (const [name, scenario] of wire) test(`scenario ${name}`, () => play(scenario));
