// What a prompt may ask of a simulated Dify app, beyond the keys of all providers.
import { numberOf, type Pairs } from '../../shared/script-pairs.js';
import { type DifyApp, isApp } from './dify-apps.js';
import { parseScript, type Script } from '../script.js';

/** How one run of an app goes. */
export interface DifyScript extends Script {
  /** Nodes of a workflow beyond its usual ones. */
  nodes: number;
  /** Their titles. */
  titles: readonly string[];
  /** Characters in the output of the first of them. */
  nodeBytes: number;
  /** Milliseconds that each node takes. */
  nodeMs: number;
  /** Seconds until a form for a human expires. */
  formSeconds: number;
  /** Milliseconds from a stop to its effect. */
  stopMs: number;
  /** Milliseconds that suggested questions take. */
  suggestMs: number;
  /** Milliseconds of silence after which a ping is sent. */
  pingMs: number;
}

const KEYS = ['nodes', 'titles', 'node_bytes', 'node_ms', 'form_seconds', 'stop_ms', 'suggest_ms', 'ping_ms'];
const MAX_BYTES = 64 * 1024 * 1024;

/** What apps do without being asked, by a word of their keys. */
const BY_WORD: readonly (readonly [string, string])[] = [
  ['steps', 'sim:nodes=4,node_ms=900'],
  ['approval', 'sim:case=human-input'],
];

/**
 * @param app its words may bring a script along, whose keys the prompt may override
 * @param prompt the query, or for workflows all texts of the inputs
 * @throws ScriptError
 */
export function parseDifyScript(app: DifyApp, prompt: string, cases: readonly string[]): DifyScript {
  const model = BY_WORD.find(([word]) => isApp(app, word))?.[1] ?? '';
  const script = parseScript(model, prompt, cases, KEYS);
  const number = (pairs: Pairs, key: string, usual: number, max = 1_000_000): number =>
    numberOf('sim', pairs, key, { max }) ?? usual;
  const { extra } = script;
  return {
    ...script,
    nodes: number(extra, 'nodes', 0, 10_000),
    titles: extra['titles']?.split('|') ?? [],
    nodeBytes: number(extra, 'node_bytes', 0, MAX_BYTES),
    nodeMs: number(extra, 'node_ms', 0),
    formSeconds: numberOf('sim', extra, 'form_seconds', { fractions: true }) ?? 300,
    stopMs: number(extra, 'stop_ms', 1000),
    suggestMs: number(extra, 'suggest_ms', 0),
    pingMs: number(extra, 'ping_ms', 10_000),
  };
}
