'use strict';
// What keeps a process alive: `life.cjs URL closed` closes its client, `… unref` merely lets go of it, `… open` does neither.

const { Astro } = require('topicwire');

async function main([url, what]) {
  const astro = new Astro({ token: 'jwt', url });
  await astro.connect();
  if (what === 'closed') await astro.close();
  if (what === 'unref') astro.unref();
  process.stdout.write('connected\n');
}

void main(process.argv.slice(2));
