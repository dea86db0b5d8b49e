// A run of a Dify app: it plays its beats with or without readers, and obeys stops and forms.
import { once } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { DifyApp } from '../dify-apps.js';
import type { DifyReader } from '../dify-reader.js';
import type { DifyScript } from '../dify-script.js';
import type { DifyState } from './dify-state.js';
import type { Act, Beat, DifyWire } from '../dify-wire.js';
import type { Json } from '../../../shared/json.js';
import { addTick, removeTick } from '../../ticker.js';

const BATCH_CHARACTERS = 16_384;

export type RunStatus = 'running' | 'paused' | 'succeeded' | 'failed' | 'stopped' | 'partial-succeeded';

/** What a run is made of. */
export interface RunPlan {
  app: DifyApp;
  user: string;
  script: DifyScript;
  wire: DifyWire;
  inputs: Json;
  /** How it ends when nothing interferes. */
  status: RunStatus;
}

/** What only a run in progress needs. */
export interface RunHooks {
  /** How it ends when it is stopped. */
  stoppedEnd: () => readonly Beat[];
  /** Called once, with the whole answer. */
  onEnd: (run: DifyRun) => void;
}

/** One run in its state. */
export class DifyRun {
  status: RunStatus = 'running';
  text = '';
  /** The data of its `workflow_finished`, once it came so far. */
  result: Json | undefined;
  /** Events that show a later reader how far the run is. */
  readonly snapshot: string[] = [];
  readonly startedAt = performance.now();
  elapsed = 0;
  /** Stops that were asked for. */
  stops = 0;
  private readonly readers = new Set<DifyReader>();
  private next = 0;
  /** When the next beat is due, by the clock of `performance`. */
  private due = performance.now();
  private hung = false;

  constructor(
    private readonly state: DifyState,
    readonly plan: RunPlan,
    private beats: readonly Beat[],
    private hooks: RunHooks | null,
  ) {
    state.counters.runs += 1;
    state.counters.activeRuns += 1;
  }

  get active(): boolean {
    return this.status === 'running' || this.status === 'paused';
  }

  /** Plays from where it stands until it pauses, hangs or ends. */
  async play(): Promise<void> {
    this.status = 'running';
    this.due = performance.now() + (this.beats[this.next]?.wait ?? 0);
    if (this.plan.script.rate > 0) await this.playPaced();
    else await this.playFast();
  }

  /** Attaches a reader, until the streams end or its connection closes. */
  attach(reader: DifyReader): void {
    this.readers.add(reader);
    const ping = setInterval(() => reader.ping(), this.plan.script.pingMs);
    reader.closed.addEventListener('abort', () => {
      clearInterval(ping);
      this.readers.delete(reader);
    });
  }

  /** Ends the run as a stop does, at once. */
  stop(silent = false): void {
    if (!this.active) return;
    this.state.counters.stopped += 1;
    const beats = this.hooks?.stoppedEnd() ?? [];
    beats.forEach((beat) => this.remember(beat));
    if (!silent) this.emit(beats.map(({ wire }) => wire).join(''), 0);
    this.end('stopped');
  }

  /** Continues after a pause, with other beats. */
  resume(beats: readonly Beat[]): void {
    if (this.status !== 'paused') return;
    this.beats = beats;
    this.next = 0;
    void this.play();
  }

  private get going(): boolean {
    return this.status === 'running' && !this.hung;
  }

  /** At the pace of the script, in step with all other paced streams. */
  private playPaced(): Promise<void> {
    return new Promise((resolve) => {
      const tick = (now: number): void => {
        if (this.going && !this.blockedReader()) this.advance(now);
        if (this.going) return;
        removeTick(tick);
        resolve();
      };
      addTick(tick);
      tick(performance.now());
    });
  }

  /** As fast as the readers read; a run without readers does not wait for any. */
  private async playFast(): Promise<void> {
    while (this.going) {
      const now = performance.now();
      this.advance(now);
      const blocked = this.blockedReader();
      if (blocked) await once(blocked.res, 'drain', { signal: blocked.closed }).catch(() => undefined);
      else if (this.due > now) await sleep(this.due - now);
      else await turn();
    }
  }

  private blockedReader(): DifyReader | undefined {
    for (const reader of this.readers) if (reader.blocked) return reader;
    return undefined;
  }

  /** Sends what is due, in one write unless it is much. */
  private advance(now: number): void {
    let batch = '';
    let tokens = 0;
    let act: Act | undefined;
    while (this.next < this.beats.length && this.due <= now && batch.length < BATCH_CHARACTERS && !act) {
      const beat = this.beats[this.next];
      if (!beat) break;
      this.next += 1;
      batch += beat.wire;
      if (beat.token) tokens += 1;
      this.remember(beat);
      act = beat.act;
      this.schedule(beat);
    }
    this.emit(batch, tokens);
    if (act) this.perform(act);
    else if (this.next >= this.beats.length) this.end(this.plan.status);
  }

  private remember(beat: Beat): void {
    if (beat.whole !== undefined) this.text = beat.whole;
    if (beat.delta !== undefined) this.text += beat.delta;
    if (beat.result) this.result = beat.result;
    if (beat.snapshot !== undefined) this.snapshot.push(beat.snapshot);
  }

  private schedule(beat: Beat): void {
    const { rate } = this.plan.script;
    if (beat.token && rate > 0) this.due += 1000 / rate;
    this.due += this.beats[this.next]?.wait ?? 0;
  }

  private emit(batch: string, tokens: number): void {
    if (batch === '') return;
    for (const reader of this.readers) reader.write(batch, tokens);
  }

  private perform(act: Act): void {
    if (act === 'hang') this.hung = true;
    if (act === 'drop') this.release((reader) => reader.destroy());
    if (act === 'eof') this.release((reader) => reader.end());
    if (act === 'lose') {
      this.forget();
      this.end('failed');
    }
    if (act === 'pause') {
      this.status = 'paused';
      this.release((reader) => !reader.staysOverPauses && reader.end());
    } else if (this.going && this.next >= this.beats.length) this.end(this.plan.status);
  }

  private release(how: (reader: DifyReader) => unknown): void {
    for (const reader of this.readers) how(reader);
  }

  private forget(): void {
    this.state.runs.delete(this.plan.wire.ids.taskId);
    this.state.byRun.delete(this.plan.wire.ids.runId);
  }

  private end(status: RunStatus): void {
    if (!this.active) return;
    this.status = status;
    this.elapsed = (performance.now() - this.startedAt) / 1000;
    // The run is kept, its beats are not.
    this.beats = [];
    this.snapshot.length = 0;
    this.next = 0;
    this.state.counters.activeRuns -= 1;
    this.hooks?.onEnd(this);
    this.hooks = null;
    this.release((reader) => reader.end());
  }
}
