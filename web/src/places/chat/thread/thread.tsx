import { Button } from '@mantine/core';
import { IconArrowDown } from '@tabler/icons-react';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { usePreferences } from '../../../ui/preferences';
import { ConnectionBar } from '../answer/connection-bar';
import type { Turn } from '../data/turns';
import { useAnswerStatus, useLiveAnswer } from './live-answer';
import { keepPosition, positionOf } from './positions';
import { isOfTurn, PendingTurn, TurnView } from './turn-view';
import { useFollowEnd } from './use-follow-end';
import classes from './thread.module.css';

interface Props {
  taskId: number;
  turns: readonly Turn[];
  hasOlder: boolean;
  loadOlder: () => void;
}

/** So near the beginning older turns are read. */
const OLDER_PX = 800;

type Item = Turn | { id: 'pending'; text: string };

/** The turns of a conversation; only those near the view are drawn. */
export function Thread({ taskId, turns, hasOlder, loadOlder }: Props) {
  const { t } = useTranslation('chat');
  const list = useRef<VirtualizerHandle>(null);
  const [saved] = useState(() => positionOf(taskId));
  const items = useItems(turns);
  const { scroller, content, isFollowing, jump, following } = useFollowEnd(saved?.isFollowing ?? true);
  const shift = useShift(items);
  const firstFresh = useFirstFresh(items);
  const { isQuestionOnTop } = usePreferences();
  const { connection } = useAnswerStatus();
  useSavedPosition(taskId, { scroller, list, following }, items.length);
  useFreshAtTop(items, firstFresh, jump);

  const onScroll = useCallback(
    (offset: number) => {
      if (hasOlder && offset < OLDER_PX) loadOlder();
    },
    [hasOlder, loadOlder],
  );

  return (
    <div className={classes['frame']}>
      <ConnectionBar status={connection} />
      <div
        ref={scroller}
        className={classes['scroller']}
        role="log"
        aria-live="off"
        aria-label={t('thread')}
        tabIndex={0}
      >
        <div ref={content} className={classes['column']}>
          <Virtualizer
            ref={list}
            scrollRef={scroller}
            data={items}
            shift={shift}
            startMargin={PADDING_PX}
            bufferSize={600}
            cache={saved?.count === items.length ? saved.cache : undefined}
            onScroll={onScroll}
          >
            {(item, index) =>
              'text' in item ? (
                <PendingTurn key={item.id} text={item.text} isFresh={isQuestionOnTop} />
              ) : (
                <TurnView
                  key={item.id}
                  turn={item}
                  isLast={index === items.length - 1}
                  isFresh={isQuestionOnTop && index === items.length - 1 && firstFresh !== null && index >= firstFresh}
                />
              )
            }
          </Virtualizer>
        </div>
      </div>
      {!isFollowing && <JumpButton onJump={jump} />}
    </div>
  );
}

/** The space above the first turn, as in the style sheet. */
const PADDING_PX = 24;

/** The turns, and the question that was just asked while its rows are not there yet. */
function useItems(turns: readonly Turn[]): readonly Item[] {
  const { state, question } = useLiveAnswer();
  const last = turns.at(-1);
  const isPending =
    state !== null &&
    question !== null &&
    (last === undefined || !isOfTurn(state, last)) &&
    isNewer(state.streamId, last);
  const text = isPending ? question : null;
  const [known, setKnown] = useState<{ turns: readonly Turn[]; text: string | null; items: readonly Item[] }>({
    turns: [],
    text: null,
    items: [],
  });
  if (known.turns === turns && known.text === text) return known.items;
  const items: readonly Item[] = text === null ? turns : [...turns, { id: 'pending', text }];
  setKnown({ turns, text, items });

  return items;
}

const isNewer = (streamId: number | null, last: Turn | undefined) =>
  streamId === null || last === undefined || streamId > last.id;

/** Whether turns were added before the others: their height then moves the view, not the reader. */
function useShift(items: readonly Item[]): boolean {
  const first = items[0]?.id;
  const last = items.at(-1)?.id;
  const [edges, setEdges] = useState({ first, last, shift: false });
  if (edges.first !== first || edges.last !== last) {
    setEdges({ first, last, shift: edges.first !== undefined && edges.first !== first && edges.last === last });
  }

  return edges.shift;
}

/** The first turn that was asked while the page was open; null when there is none. */
function useFirstFresh(items: readonly Item[]): number | null {
  const last = items.at(-1)?.id ?? null;
  const [seen, setSeen] = useState<Item['id'] | null>(null);
  if (seen === null && last !== null) setSeen(last);
  if (seen === null || last === seen) return null;
  const index = items.findIndex(({ id }) => id === seen);

  return index === -1 ? null : index + 1;
}

/** A new question goes to the top of the view, so that its answer has room. */
function useFreshAtTop(items: readonly Item[], firstFresh: number | null, jump: () => void): void {
  const count = items.length;
  useLayoutEffect(() => {
    if (firstFresh !== null && count > firstFresh) jump();
  }, [count, firstFresh, jump]);
}

interface View {
  scroller: RefObject<HTMLElement | null>;
  list: RefObject<VirtualizerHandle | null>;
  following: RefObject<boolean>;
}

/** Goes back to where the reader was, and keeps where the reader is. */
function useSavedPosition(taskId: number, { scroller, list, following }: View, count: number): void {
  useLayoutEffect(() => {
    const saved = positionOf(taskId);
    const element = scroller.current;
    if (saved && !saved.isFollowing) list.current?.scrollTo(saved.offset);
    else element?.scrollTo({ top: element.scrollHeight, behavior: 'instant' });
  }, [taskId, scroller, list]);
  useEffect(() => {
    const handle = list.current;
    const element = scroller.current;
    if (!handle || !element) return undefined;
    const keep = () =>
      keepPosition(taskId, { offset: element.scrollTop, isFollowing: following.current, cache: handle.cache, count });
    element.addEventListener('scroll', keep, { passive: true });

    return () => element.removeEventListener('scroll', keep);
  }, [taskId, scroller, list, following, count]);
}

function JumpButton({ onJump }: { onJump: () => void }) {
  const { t } = useTranslation('chat');
  const { phase, isRunning } = useAnswerStatus();
  const [phaseAtFirst] = useState(phase);
  const isNew = isRunning || phase !== phaseAtFirst;

  return (
    <Button
      className={classes['jump']}
      variant="default"
      size="xs"
      radius="xl"
      leftSection={<IconArrowDown size={14} stroke={1.6} aria-hidden />}
      onClick={onJump}
    >
      {isRunning ? t('jump.writing') : isNew ? t('jump.new') : t('jump.end')}
    </Button>
  );
}
