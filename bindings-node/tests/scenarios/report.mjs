// What a client reported, put so that it can be compared: no numbers, no times, names in place of ids.

const KINDS = ['message', 'state', 'subscribed', 'unsubscribed', 'ended', 'gap', 'reply', 'fault', 'need', 'closed', 'lagged'];

/** An event as a scenario writes it; null for those that it never mentions. */
export function line(event, names) {
  const named = (id) => names.get(id) ?? '?';
  switch (event.kind) {
    case undefined:
      return event;
    case 'message':
      return { message: payload(event), of: event.subscriptions.map(named), topic: event.topic };
    case 'state':
      return { state: event.to };
    case 'subscribed':
      return { subscribed: named(event.subscription), recovered: event.recovered, confirmed: event.confirmed };
    case 'unsubscribed':
      return { unsubscribed: named(event.subscription) };
    case 'ended':
      return { ended: named(event.subscription), outcome: event.outcome };
    case 'gap':
      return { gap: event.subscriptions.map(named) };
    case 'fault':
      return { fault: event.fault };
    case 'closed':
      return { closed: event.cause?.code ?? null };
    default:
      return null;
  }
}

function payload(message) {
  try {
    return JSON.parse(message.raw.toString('utf8'));
  } catch {
    return message.raw.toString('utf8');
  }
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Whether a value has what a pattern asks for. `"$name"` matches anything and keeps it, or is what was kept. */
export function matches(pattern, value, kept) {
  if (typeof pattern === 'string' && pattern.startsWith('$')) {
    if (!kept.has(pattern)) kept.set(pattern, value);
    return kept.get(pattern) === value;
  }
  if (isObject(pattern) && isObject(value)) {
    return Object.entries(pattern).every(([name, wanted]) => (name in value ? matches(wanted, value[name], kept) : wanted === null));
  }
  if (Array.isArray(pattern) && Array.isArray(value)) {
    return pattern.length === value.length && pattern.every((wanted, at) => matches(wanted, value[at], kept));
  }
  return pattern === value;
}

/** A template with what was kept in place of its names. */
export function fill(template, kept) {
  if (typeof template === 'string') return kept.get(template) ?? template;
  if (Array.isArray(template)) return template.map((value) => fill(value, kept));
  if (isObject(template)) return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value, kept)]));
  return template;
}

const kindOf = (event) => KINDS.find((kind) => kind in event);

function streamsOf(event) {
  const kind = kindOf(event);
  let found;
  switch (kind) {
    case 'message':
      found = (event.of ?? []).map((name) => `subscription ${name}`);
      break;
    case 'gap':
      found = event.gap.map((name) => `subscription ${name}`);
      break;
    case 'subscribed':
    case 'unsubscribed':
    case 'ended':
      found = [`subscription ${event[kind]}`];
      break;
    case 'reply':
      found = [`request ${event.reply}`];
      break;
    case 'state':
    case 'closed':
      found = ["the client's state"];
      break;
    default:
      found = kind ? [`${kind}s`] : [];
  }
  return found.length > 0 ? found : ['messages of nobody'];
}

/** What differs; null if nothing does. What concerns one subscription (or request) must come in order; across them order is free. */
export function difference(expected, heard) {
  const mentioned = new Set(expected.map(kindOf));
  const wanted = new Map();
  const there = new Map();
  const of = (map, stream) => map.get(stream) ?? map.set(stream, []).get(stream);
  for (const event of expected) for (const stream of streamsOf(event)) of(wanted, stream).push(event);
  for (const event of heard.filter((one) => mentioned.has(kindOf(one)))) {
    for (const stream of streamsOf(event)) {
      const events = of(there, stream);
      // A state that is repeated counts once.
      if (!('state' in event) || events.at(-1)?.state !== event.state) events.push(event);
    }
  }
  for (const stream of new Set([...wanted.keys(), ...there.keys()])) {
    const [one, other] = [wanted.get(stream) ?? [], there.get(stream) ?? []];
    if (one.length !== other.length || !one.every((event, at) => matches(event, other[at], new Map()))) {
      return `${stream}:\n  expected ${JSON.stringify(one)}\n  heard    ${JSON.stringify(other)}`;
    }
  }
  return null;
}
