import type { AnswerFile, Source, Step, Usage } from '../../common/contracts/chat-event.js';
import { TextAccumulator } from '../../common/text/text-accumulator.js';
import type { LiveEvent } from '../reporting/live-event.js';

/** UTF-16 units of text and of reasoning. A model does not write so much; a broken engine may. */
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_STEPS = 1000;

/** The answer so far: what all events together make of it. */
export class Answer {
  private readonly text = new TextAccumulator();
  private readonly reasoning = new TextAccumulator();
  private readonly steps = new Map<string, Step>();
  private readonly files = new Map<string, AnswerFile>();
  private sources: Source[] = [];
  private suggestions: string[] = [];
  private usage: Usage | undefined;

  get length(): number {
    return this.text.length;
  }

  get stepCount(): number {
    return this.steps.size;
  }

  /** Adds an event. @returns false when it is dropped, because the answer is too large already */
  add(event: LiveEvent): boolean {
    switch (event.type) {
      case 'content':
        return append(this.text, event.content);
      case 'reasoning':
        return append(this.reasoning, event.content);
      case 'replace':
        this.text.replace(event.content);

        return true;
      case 'step':
        return this.addStep(event);
      case 'file':
        this.files.set(event.file.id, event.file);

        return true;
      case 'sources':
        this.sources = event.sources;

        return true;
      case 'suggestions':
        this.suggestions = event.questions;

        return true;
      case 'usage': {
        const { type: _type, ...usage } = event;
        this.usage = usage;

        return true;
      }
    }
  }

  /** Steps that still run, which no engine will end any more. */
  openSteps(): Step[] {
    return [...this.steps.values()].filter(({ status }) => status === 'running' || status === 'retrying');
  }

  /** The whole answer as events, in place of those that led to it. */
  snapshot(withReasoning: boolean): LiveEvent[] {
    const reasoning = this.reasoning.toString();

    return [
      ...(withReasoning && reasoning !== '' ? [{ type: 'reasoning' as const, content: reasoning }] : []),
      { type: 'replace', content: this.text.toString() },
      ...[...this.steps.values()].map((step) => ({ type: 'step' as const, ...step })),
      ...[...this.files.values()].map((file) => ({ type: 'file' as const, file })),
      ...(this.sources.length > 0 ? [{ type: 'sources' as const, sources: this.sources }] : []),
      ...(this.suggestions.length > 0 ? [{ type: 'suggestions' as const, questions: this.suggestions }] : []),
      ...(this.usage ? [{ type: 'usage' as const, ...this.usage }] : []),
    ];
  }

  /** The result of the subtask. */
  result(): AnswerResult {
    const reasoning = this.reasoning.toString();

    return {
      value: this.text.toString(),
      ...(reasoning !== '' && { reasoning }),
      ...(this.steps.size > 0 && { steps: [...this.steps.values()] }),
      ...(this.files.size > 0 && { files: [...this.files.values()] }),
      ...(this.sources.length > 0 && { sources: this.sources }),
      ...(this.suggestions.length > 0 && { suggestions: this.suggestions }),
      ...(this.usage && { usage: this.usage }),
    };
  }

  private addStep({ type: _type, ...step }: Extract<LiveEvent, { type: 'step' }>): boolean {
    if (!this.steps.has(step.step_id) && this.steps.size >= MAX_STEPS) return false;
    this.steps.set(step.step_id, step);

    return true;
  }
}

/** What a subtask ends with. */
export interface AnswerResult {
  value: string;
  reasoning?: string;
  steps?: Step[];
  files?: AnswerFile[];
  sources?: Source[];
  suggestions?: string[];
  usage?: Usage;
}

function append(text: TextAccumulator, piece: string): boolean {
  if (text.length + piece.length > MAX_TEXT) return false;
  text.append(piece);

  return true;
}
