// A plan is a stream laid out before it is sent, as plain text frames. Most cases are small changes of the happy plan.

/** A whole stream, ready to be played. */
export interface Plan {
  /** Sent at once, before the first token. */
  lead: string;
  /** One text per token, sent at the pace of the script; an event between two tokens rides with the later one. */
  steps: string[];
  /** Sent together with the end. */
  tail: string;
  /** `end`: the body ends properly. `hang`: nothing more comes. `destroy`: the socket is torn down. */
  ending: 'end' | 'hang' | 'destroy';
  /** Sent again and again while the stream hangs. */
  keepAlive?: string;
  /** Cuts a text into the pieces that go out in writes (and HTTP chunks) of their own. */
  cut?: (text: string) => Uint8Array[];
}

/** Lets the answer break off after `after` tokens. */
export function breakOff(plan: Plan, after: number, tail: string, ending: Plan['ending'] = 'end'): Plan {
  return { ...plan, steps: plan.steps.slice(0, after), tail, ending };
}

/** Rewrites the text of the whole plan. */
export function rewrite(plan: Plan, change: (text: string) => string): Plan {
  return { ...plan, lead: change(plan.lead), steps: plan.steps.map(change), tail: change(plan.tail) };
}

/** Ends every line with CRLF. */
export function withCrlf(plan: Plan): Plan {
  return rewrite(plan, (text) => text.replaceAll('\n', '\r\n'));
}

/** Puts `filler` in front of every event, the first one included. */
export function withFiller(plan: Plan, filler: string): Plan {
  return rewrite(plan, (text) => text.replace(/[^\n][^]*?\n\n/g, (event) => filler + event));
}

/** Cuts between the bytes of every character that has several. */
export function cutCharacters(text: string): Uint8Array[] {
  const bytes = Buffer.from(text, 'utf8');
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 1; at < bytes.length; at += 1) {
    // Bytes of the form 10xxxxxx continue a character.
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) continue;
    parts.push(bytes.subarray(from, at));
    from = at;
  }
  if (from < bytes.length) parts.push(bytes.subarray(from));
  return parts;
}

/** Cuts into pieces of seven bytes. */
export function cutSmall(text: string): Uint8Array[] {
  const bytes = Buffer.from(text, 'utf8');
  return Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, (i + 1) * 7));
}
