/** Labels of containers and volumes as those of Kubernetes, and back. Pure. */
import { createHash } from 'node:crypto';
import type { Labels } from '../container-runtime.js';

const OURS = 'conch.';
/** The prefix of a key is a DNS name. */
const PREFIX = 'conch.dev/';
const LEGAL = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;
const HASH_CHARS = 40;

interface Metadata {
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Labels to select by, with a hash in place of values that are none in Kubernetes; and annotations with all values as they are. */
export function metadataOf(labels: Labels): Metadata {
  const all = Object.entries(labels).map(([name, value]) => [keyOf(name), value] as const);

  return {
    labels: Object.fromEntries(all.map(([key, value]) => [key, legalValue(value)])),
    annotations: Object.fromEntries(all),
  };
}

/** The labels that were turned into these annotations. */
export function labelsOf(annotations: Readonly<Record<string, string>> = {}): Labels {
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(PREFIX));

  return Object.fromEntries(ours.map(([key, value]) => [OURS + key.slice(PREFIX.length), value]));
}

/** Selects what has all of these labels; an empty value asks for any. */
export function selectorOf(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) =>
    value === '' ? keyOf(name) : `${keyOf(name)}=${legalValue(value)}`,
  );

  return parts.join(',');
}

/** `conch.task` is `conch.dev/task`. */
function keyOf(name: string): string {
  return PREFIX + name.slice(OURS.length);
}

function legalValue(value: string): string {
  return LEGAL.test(value) ? value : createHash('sha256').update(value).digest('hex').slice(0, HASH_CHARS);
}
