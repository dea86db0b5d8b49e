/** Reply of calls that have nothing else to say. */
export class MessageDto {
  message!: string;
}
