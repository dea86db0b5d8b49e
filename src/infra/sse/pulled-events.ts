import type { EventSource } from './sse.js';

/** Finds the next frames of a stream by asking for them. */
export interface EventReader {
  /** Nothing comes after what {@link next} has given. */
  readonly ended: boolean;
  /** The next frames, as soon as there are some; '' when the stream is over. Never throws. */
  next(): Promise<string>;
}

/** A reader as the sender of event streams wants it. */
export class PulledEvents implements EventSource {
  ended = false;
  private text = '';
  private isReading = false;
  private isClosed = false;

  /** @param release called once, when nobody reads any more */
  constructor(
    private readonly reader: EventReader,
    private readonly release: () => void,
  ) {}

  onReady: () => void = () => undefined;

  take(): { text: string } | null {
    const { text } = this;
    if (text === '') void this.read();
    this.text = '';
    this.ended = text !== '' && this.reader.ended;

    return text === '' ? null : { text };
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.release();
  }

  /** One look at a time. */
  private async read(): Promise<void> {
    if (this.isReading || this.isClosed) return;
    this.isReading = true;
    this.text = await this.reader.next();
    this.isReading = false;
    if (this.text !== '') this.onReady();
  }
}
