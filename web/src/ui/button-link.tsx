import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type Native = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'style' | 'color'> & { ref?: Ref<HTMLAnchorElement> };

function AnchorButton(props: ButtonProps & Native) {
  return <Button component="a" {...props} />;
}

function AnchorText(props: AnchorProps & Native) {
  return <Anchor fz="inherit" {...props} />;
}

/** A link within the page that looks like a button. */
export const ButtonLink = createLink(AnchorButton);

/** A link within the page, in a text. */
export const TextLink = createLink(AnchorText);
