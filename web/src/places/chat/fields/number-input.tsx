import { NumberInput as MantineNumberInput, type NumberInputProps } from '@mantine/core';

/** A module of its own, so that the chat loads it only when it is shown. */
export function NumberInput(props: NumberInputProps) {
  return <MantineNumberInput {...props} />;
}
