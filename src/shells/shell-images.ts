import { Injectable } from '@nestjs/common';

/** The image of a user's shell. */
export interface ShellImage {
  userId: number;
  shellName: string;
  shellType: string;
  /** Canonical name. */
  image: string;
}

/** Has an image looked at. @throws when that could not be asked for */
export type ImageHandler = (image: ShellImage) => Promise<void>;

/** Whoever finds out whether images can be used says here how it is told of new ones. */
@Injectable()
export class ShellImages {
  private readonly handlers: ImageHandler[] = [];

  onNew(handler: ImageHandler): void {
    this.handlers.push(handler);
  }

  /** Once the shell with the image is stored. */
  async announce(image: ShellImage): Promise<void> {
    for (const handler of this.handlers) await handler(image);
  }
}
