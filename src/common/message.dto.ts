import { ApiProperty } from '@nestjs/swagger';

/** Reply of calls that have nothing else to say. */
export class MessageDto {
  @ApiProperty()
  message!: string;
}
