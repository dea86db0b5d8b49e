import { IconExternalLink, IconPhoto } from '@tabler/icons-react';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { imageKind, safeLink } from './text/safe-links';
import classes from './markdown.module.css';

/** A link opens beside the conversation and learns nothing of it. */
export function MarkdownLink({ href, children, id }: ComponentProps<'a'>) {
  if (href?.startsWith('#')) {
    return (
      <a href={href} id={id}>
        {children}
      </a>
    );
  }
  const address = safeLink(href);
  if (!address) return <span>{children}</span>;

  return (
    <a href={address} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** An image of this server, or a card that leads to one elsewhere. */
export function MarkdownImage({ src, alt }: ComponentProps<'img'>) {
  const { t } = useTranslation('chat');
  const address = typeof src === 'string' ? src : undefined;
  const kind = imageKind(address, window.location.origin);
  if (kind === 'inline') return <img src={address} alt={alt ?? ''} loading="lazy" className={classes['image']} />;
  const link = kind === 'link' ? safeLink(address) : null;
  if (!link) return alt ? <span>{alt}</span> : null;

  return (
    <a href={link} target="_blank" rel="noopener noreferrer" className={classes['imageCard']}>
      <IconPhoto size={16} stroke={1.6} aria-hidden />
      <span>
        {alt || t('markdown.image')}
        <small>{new URL(link).host}</small>
      </span>
      <IconExternalLink size={14} stroke={1.6} aria-hidden />
    </a>
  );
}

/** The box of an item in a list of tasks. */
export function MarkdownCheckbox({ checked }: ComponentProps<'input'>) {
  const { t } = useTranslation('chat');

  return (
    <input type="checkbox" disabled checked={checked} aria-label={t(checked ? 'markdown.done' : 'markdown.notDone')} />
  );
}

/** A table scrolls by itself, so that the column of text keeps its width. */
export function MarkdownTable({ children }: ComponentProps<'table'>) {
  const { t } = useTranslation('chat');

  return (
    <div className={classes['table']} role="region" aria-label={t('markdown.table')} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}
