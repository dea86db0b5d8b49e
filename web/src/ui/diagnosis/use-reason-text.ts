import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../api/client';
import { formatNumber, formatSeconds } from '../format';

type Reason = Schemas['ReasonDto'];

/** What a reason says, in the language of the page; a code of a later server by the text that it sent. */
export function useReasonText(): (reason: Reason) => string {
  const { t, i18n } = useTranslation('diagnosis');

  return ({ code, params, text }) => {
    const values = { ...shown(params), count: params.ahead ?? params.attempts_left };
    if (!i18n.exists(`diagnosis:reason.${code}`, values)) return text;

    return t(`reason.${code}`, values);
  };
}

/** Values as the reader's language writes them. */
function shown(params: Reason['params']): Record<string, string> {
  const entries = Object.entries(params).map(([name, value]): [string, string] => {
    if (typeof value === 'string') return [name, value];

    return [name, name.endsWith('_seconds') ? formatSeconds(value) : formatNumber(value)];
  });

  return Object.fromEntries(entries);
}
