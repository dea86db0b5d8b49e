/** What the address of a place says besides its path: filters, the page of a list, the dialog that is open. */
export interface PageSearch {
  /** Text that is searched for. */
  q?: string;
  status?: string;
  kind?: string;
  /** Id of a team. */
  team?: number;
  /** Page of a list, from 1. */
  page?: number;
  tab?: string;
  /** The dialog that is open: `new`, or the name or id of what is edited. */
  open?: string;
}

const textOf = (value: unknown) =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

function numberOf(value: unknown): number | undefined {
  const number = Number(value);

  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Reads the search part of an address; what does not belong there is left out. */
export function readPageSearch(search: Record<string, unknown>): PageSearch {
  return withoutEmpty({
    q: textOf(search['q']),
    status: textOf(search['status']),
    kind: textOf(search['kind']),
    team: numberOf(search['team']),
    page: numberOf(search['page']),
    tab: textOf(search['tab']),
    open: textOf(search['open']),
  });
}

/** The same without fields that are undefined or empty. */
export function withoutEmpty(search: PageSearch): PageSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ''));
}
